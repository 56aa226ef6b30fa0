import { MessageDuct } from "@ductworks/message"
import { Console, Effect, Fiber } from "effect"
import { message } from "../ex06-big-message/program.js"

/** Concurrent senders need no lock: a message is one piece on the wire, however many fibers send. */
export const program = Effect.gen(function* () {
  const [parent, child] = yield* MessageDuct.pair()
  const write25 = Effect.repeatN(parent.send(message), 24)
  const writers = yield* Effect.fork(Effect.all([write25, write25, write25, write25], { concurrency: "unbounded" }))

  const expected = JSON.stringify(message)
  let intact = 0
  for (let n = 0; n < 100; n++) {
    if (JSON.stringify(yield* child.recv) === expected) intact += 1
  }
  yield* Fiber.join(writers)
  const more = yield* child.poll(0)
  yield* Console.log(`${intact} of 100 messages arrived intact${more ? ", and then something else" : ""}`)
  return { intact, more }
}).pipe(Effect.scoped)
