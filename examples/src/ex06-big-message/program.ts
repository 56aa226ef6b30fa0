import { MessageDuct } from "@ductworks/message"
import { Console, Effect, Fiber } from "effect"

const s = "lol".repeat(131_072)

/** Over a megabyte, many times what the kernel buffers: the send waits while the other end reads. */
export const message = [s, 1, s, 2, s, 3]

/** One big message from a concurrent fiber. */
export const program = Effect.gen(function* () {
  const [parent, child] = yield* MessageDuct.pair()
  const sending = yield* Effect.fork(parent.send(message))
  const received = yield* child.recv
  yield* Fiber.join(sending)
  const whole = JSON.stringify(received) === JSON.stringify(message)
  yield* Console.log(
    `a message of ${JSON.stringify(received).length} characters arrived ${whole ? "whole" : "damaged"}`
  )
  return received
}).pipe(Effect.scoped)
