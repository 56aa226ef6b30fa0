import { Address } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { Console, Effect } from "effect"

/** From `bind` on a child can connect: the connection waits until the parent listens. */
export const program = (address: Address.Address) =>
  Effect.gen(function* () {
    const parent = yield* MessageDuct.parent({ address })
    yield* parent.bind()
    const bound = yield* parent.listenerAddress
    yield* Console.log(`bound at ${Address.format(bound)}`)

    const child = yield* MessageDuct.child({ address: bound })
    yield* child.connect()
    const connected = yield* parent.listen("1 second")
    yield* Console.log(`listen: ${connected}`)

    yield* child.send("hello from the child")
    const received = yield* parent.recv
    yield* Console.log(`received ${JSON.stringify(received)}`)
    return { bound, connected, received }
  }).pipe(Effect.scoped)
