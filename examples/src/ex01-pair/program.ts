import { MessageDuct } from "@ductworks/message"
import { Console, Effect } from "effect"

/** Both ends in one process: what one sends, the other polls for and receives. */
export const program = Effect.gen(function* () {
  const [parent, child] = yield* MessageDuct.pair()

  yield* parent.send("hello!")
  const childPoll = yield* child.poll("1 second")
  yield* child.send(yield* child.recv)
  const parentPoll = yield* parent.poll("1 second")
  const echo = yield* parent.recv
  yield* Console.log(`the parent sent "hello!" and got back ${JSON.stringify(echo)}`)

  yield* parent.send("hello world")
  yield* child.send("hello this is dog")
  const toChild = yield* child.recv
  const toParent = yield* parent.recv
  yield* Console.log(`the child got ${JSON.stringify(toChild)}, the parent ${JSON.stringify(toParent)}`)

  yield* parent.close()
  yield* child.close()
  return { childPoll, parentPoll, echo, toChild, toParent }
}).pipe(Effect.scoped)
