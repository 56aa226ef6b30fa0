import * as Deadline from "@ductworks/core/Deadline"
import type { AcceptError } from "@ductworks/core/DuctError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { timingSafeEqual } from "node:crypto"
import type * as net from "node:net"
import type { Acceptor } from "../acceptor.js"
import type { ChildDriver } from "./childDriver.js"

const maxPending = 16

const proofTimeout = "5 seconds"

/**
 * The first connection that begins with the token. Any program of this machine can connect to a TCP port: strangers are
 * closed, at most 16 are heard at a time, 5 seconds each, and listening goes on.
 */
export const provenConnection = <A, R>(
  acceptor: Acceptor,
  token: Uint8Array,
  driverOf: (socket: net.Socket) => ChildDriver,
  adopt: (driver: ChildDriver) => Effect.Effect<A, never, R>
): Effect.Effect<A, AcceptError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Deferred.make<ChildDriver>(), (winner) => {
      /** Those that are not adopted. */
      const held = new Set<ChildDriver>()
      const letGo = (driver: ChildDriver) =>
        Effect.suspend(() => (held.delete(driver) ? driver.close("now") : Effect.void))

      const hear = (driver: ChildDriver) =>
        Effect.flatMap(Deadline.withinLive(driver.first(token.length), proofTimeout), (sent) =>
          isToken(Option.getOrUndefined(sent), token) ? Deferred.succeed(winner, driver) : letGo(driver)
        )

      const listening = Effect.gen(function* () {
        const scope = yield* Effect.scope
        const places = yield* Effect.makeSemaphore(maxPending)
        const next = Effect.uninterruptibleMask((restore) =>
          Effect.zipRight(
            restore(places.take(1)),
            restore(
              acceptor.accept((socket) =>
                Effect.suspend(() => {
                  const driver = driverOf(socket)
                  held.add(driver)
                  return Effect.forkIn(Effect.ensuring(Effect.interruptible(hear(driver)), places.release(1)), scope)
                })
              )
            )
          )
        )
        return yield* Effect.raceFirst(Effect.forever(next), Deferred.await(winner))
      })

      return restore(Effect.scoped(listening)).pipe(
        Effect.flatMap((driver) => {
          held.delete(driver)
          return adopt(driver)
        }),
        Effect.ensuring(Effect.suspend(() => Effect.forEach([...held], letGo, { discard: true })))
      )
    })
  )

const isToken = (sent: Uint8Array | undefined, token: Uint8Array): boolean =>
  sent !== undefined && timingSafeEqual(sent, token)
