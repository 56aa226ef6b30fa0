import { NativeSockets, PortableSockets } from "@ductworks/sockets"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { program } from "../src/pipelined-http/program.js"
import { printed } from "./support/printed.js"
import { run } from "./support/run.js"

const greetings = ["Ada", "Barbara", "Grace", "Hedy", "Radia"].map((name) => `Hello, ${name}!`)

const checkOutput = (lines: ReadonlyArray<string>) => {
  const sent = lines.filter((line) => line.startsWith("sent: "))
  const answered = lines.filter((line) => line.startsWith("200: "))
  assert.deepStrictEqual(
    sent,
    greetings.map((words) => `sent: GET /greet/${words.slice("Hello, ".length, -1)} HTTP/1.1`)
  )
  assert.deepStrictEqual(
    answered,
    greetings.map((words) => `200: ${words}`)
  )
  // All requests left before the first answer was here.
  assert.strictEqual(lines.lastIndexOf("sent: GET /greet/Radia HTTP/1.1"), 4)
  assert.strictEqual(lines[lines.length - 1], "5 answers over one connection")
}

describe("pipelined HTTP", { timeout: 60_000 }, () => {
  for (const [system, layer] of [
    ["native", NativeSockets.layer],
    ["portable", PortableSockets.layer]
  ] as const) {
    it.live(`AS-8 AS-10 AS-11 requests go out one after the other, answers come back in order (${system})`, () =>
      Effect.gen(function* () {
        const { lines, value } = yield* printed(program)
        assert.deepStrictEqual(value, greetings)
        checkOutput(lines)
      }).pipe(Effect.provide(layer))
    )
  }

  it.live("AS-10 as a program", () =>
    Effect.gen(function* () {
      const { code, left, stderr, stdout } = yield* run("pipelined-http")
      checkOutput(stdout.trimEnd().split("\n"))
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )
})
