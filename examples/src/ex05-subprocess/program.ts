import { Address, DuctError } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { Command } from "@effect/platform"
import { Duration, Effect } from "effect"

/**
 * Starts a fresh interpreter with the address as its last argument, sends "pingpong" a hundred times, and ends it with
 * null. Without an address the transport chooses one.
 */
export const program = (interpreter: string, script: ReadonlyArray<string>, address?: Address.Address) =>
  Effect.gen(function* () {
    const parent = yield* MessageDuct.parent(address === undefined ? {} : { address })
    yield* parent.bind()
    const bound = Address.format(yield* parent.listenerAddress)

    const child = yield* Command.make(interpreter, ...script, bound).pipe(Command.stderr("inherit"), Command.start)
    const timeout = Duration.seconds(10)
    if (!(yield* parent.listen(timeout))) return yield* new DuctError.DuctTimeout({ operation: "listen", timeout })

    let echoes = 0
    for (let n = 0; n < 100; n++) {
      yield* parent.send("pingpong")
      if (yield* parent.poll(timeout)) echoes += (yield* parent.recv) === "pingpong" ? 1 : 0
    }
    yield* parent.send(null)
    return { bound, echoes, exitCode: yield* child.exitCode }
  }).pipe(Effect.scoped)
