import { LocalSocketFault } from "@ductworks/core/DuctError"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type { Readable } from "node:stream"
import { details } from "../errno.js"

/**
 * What a child writes to one of its outputs. Node stops reading at the stream's high-water mark, and then the pipe fills
 * up. The listeners stand from the start: when a child exits, Node throws away the output that nobody listens to
 * (lib/internal/child_process.js, flushStdio).
 */
export const outputStream = (
  readable: Readable | null,
  name: "stdout" | "stderr"
): Stream.Stream<Uint8Array, LocalSocketFault> => {
  if (readable === null) return Stream.empty
  const waiting = new Set<() => void>()
  let failure: LocalSocketFault | undefined
  const wake = () => {
    for (const look of [...waiting]) look()
  }
  readable
    .on("readable", wake)
    .on("end", wake)
    .on("close", wake)
    .on("error", (cause) => {
      failure = new LocalSocketFault({ operation: name, ...details(cause) })
      wake()
    })

  const next = (): Exit.Exit<Chunk.Chunk<Uint8Array>, Option.Option<LocalSocketFault>> | undefined => {
    const chunk: unknown = readable.read()
    if (Predicate.isUint8Array(chunk)) return Exit.succeed(Chunk.of(chunk))
    if (failure !== undefined) return Exit.fail(Option.some(failure))
    return readable.readableEnded || readable.destroyed ? Exit.fail(Option.none()) : undefined
  }

  return Stream.repeatEffectChunkOption(
    Effect.async((resume) => {
      const look = () => {
        const found = next()
        if (found === undefined) return
        waiting.delete(look)
        resume(found)
      }
      waiting.add(look)
      look()
      return Effect.sync(() => waiting.delete(look))
    })
  )
}
