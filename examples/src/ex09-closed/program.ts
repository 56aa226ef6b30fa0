import { MessageDuct } from "@ductworks/message"
import { Console, Effect } from "effect"

/** Once a receive has seen the end, a send fails at once; over TCP, as soon as the other system has answered. */
export const program = Effect.gen(function* () {
  const [parent, child] = yield* MessageDuct.pair()
  yield* child.close()
  const recvError = yield* Effect.flip(parent.recv)
  yield* Console.log(`recv: ${recvError._tag}: ${recvError.message}`)
  const sendError = yield* Effect.flip(parent.send("test"))
  yield* Console.log(`send: ${sendError._tag}: ${sendError.message}`)
  return { recvError, sendError }
}).pipe(Effect.scoped)
