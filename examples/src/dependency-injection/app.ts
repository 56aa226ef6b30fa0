import { Console, Effect } from "effect"
import { Digest } from "./Digest.js"

/** An application that needs digests. */
export const app = Effect.gen(function* () {
  const digest = yield* Digest
  const words = ["duct", "works"]
  const digests = yield* Effect.forEach(words, digest.sha256, { concurrency: "unbounded" })
  for (const [at, word] of words.entries()) yield* Console.log(`${word} ${digests[at]?.slice(0, 16)}`)
})
