import type { PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { expect } from "../check.js"
import { Seen, until } from "./setting.js"

/** A transport that can be left, and packets for it, each with what is wrong with it once it was taken. */
interface Arrivals {
  readonly transport: PeerTransportService
  readonly leave: Effect.Effect<void>
  readonly bring: (number: number) => Effect.Effect<unknown, unknown, Scope.Scope>
  readonly wrong: (packet: Uint8Array, number: number) => string | undefined
}

export const takingName = "take and onArrival, where there are, give what receive does"

/** Law 4 for who needs no fiber: what is taken is what would be received, and who waits is woken once, by the end too. */
export const taking = ({ bring, leave, transport, wrong }: Arrivals) =>
  Effect.gen(function* () {
    const { kind, onArrival, take } = transport
    yield* expect((take === undefined) === (onArrival === undefined), "take and onArrival come together")
    if (take === undefined || onArrival === undefined) return
    const seen = new Seen()
    let waits = 0
    let wakes = 0
    const arrival = Effect.async<void>((resume) => {
      waits++
      onArrival(() => {
        wakes++
        resume(Exit.void)
      })
    })
    const turn = Effect.suspend(() => {
      const taken = take()
      if (taken === undefined) return arrival
      if (Exit.isExit(taken)) return taken
      seen.note(taken)
      return Exit.void
    })
    const taker = yield* Effect.fork(Effect.flip(Effect.forever(turn)))
    for (let number = 0; number < 20; number++) {
      yield* bring(number)
      yield* until(() => seen.packets().length > number)
    }
    const problems = seen.packets().flatMap((packet, number) => wrong(packet, number) ?? [])
    yield* expect(problems.length === 0, () => `of what was taken, ${problems[0]}`)
    const joined = seen.joined().map(({ id }) => id)
    const senders = kind === "stream" ? new Set(seen.senders().map(({ id }) => id)) : []
    yield* expect(joined.join() === [...senders].join(), "those that joined are not those whose packets were taken")
    // First the peers: else it might be a Left that wakes, and not the end.
    for (const peer of seen.joined()) yield* transport.close(peer)
    yield* until(() => seen.left().length === joined.length)
    yield* leave
    const { _tag } = yield* Fiber.join(taker)
    yield* expect(_tag === "DuctClosed", `take ended with ${_tag}, expected DuctClosed`)
    yield* expect(wakes === waits, () => `who waited ${waits} times was woken ${wakes} times`)
  })
