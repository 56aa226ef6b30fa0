import { Address, DuctError } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { Console, Effect, Fiber } from "effect"

/** An explicit TCP address with port 0: the system chooses a free one, and `listenerAddress` tells which. */
export const program = (address: Address.Address) =>
  Effect.gen(function* () {
    const parent = yield* MessageDuct.parent({ address })
    yield* parent.bind()
    const bound = yield* parent.listenerAddress
    yield* Console.log(`bound at ${Address.format(bound)}`)

    const child = yield* MessageDuct.child({ address: bound })
    const connecting = yield* Effect.fork(child.connect())
    while (!(yield* parent.listen("1 second"))) yield* Console.log("no child yet")
    yield* Fiber.join(connecting)

    yield* parent.send("test")
    const text = yield* child.recv
    yield* child.send(["bob", "saget"])
    const list = yield* parent.recv
    yield* Console.log(`the child got ${JSON.stringify(text)}, the parent ${JSON.stringify(list)}`)

    yield* child.close()
    const error = yield* Effect.flip(parent.recv)
    yield* Console.log(`after the child closed: ${error._tag}, end of file: ${DuctError.isEndOfFile(error)}`)
    return { bound, text, list, error }
  }).pipe(Effect.scoped)
