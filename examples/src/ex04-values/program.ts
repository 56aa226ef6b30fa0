import { Address } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { FileSystem } from "@effect/platform"
import { Console, Effect } from "effect"

/** An address of the transport's own choice ("pseudo-anonymous"): a path in a fresh directory nobody else can enter. */
export const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const parent = yield* MessageDuct.parent()
  yield* parent.bind()
  const address = yield* parent.listenerAddress
  if (address._tag !== "UnixAddress") return yield* Effect.dieMessage(`expected a path, got ${Address.format(address)}`)
  const whileBound = yield* fs.exists(address.path)

  const child = yield* MessageDuct.child({ address })
  yield* child.connect()
  yield* parent.listen("1 second")
  yield* parent.send(["hello world", 42])
  yield* child.send(yield* child.recv)
  const received = yield* parent.recv
  yield* Console.log(`received ${JSON.stringify(received)}`)

  yield* child.close()
  yield* parent.close()
  const afterClose = yield* fs.exists(address.path)
  yield* Console.log(`${address.path} was ${whileBound ? "there" : "missing"}, and is ${afterClose ? "left" : "gone"}`)
  return { received, whileBound, afterClose }
}).pipe(Effect.scoped)
