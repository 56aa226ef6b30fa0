import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { SocketClosed } from "../../SocketError.js"
import { ended, readSentinel, socketReader, type Step } from "./steps.js"
import type { AnyTarget, DispatchError, DispatchEvent } from "./target.js"

/**
 * Something that goes on with the events of a target: one step an event. It gives the sentinel while there is more to
 * do, and fails with none at the end. Other events than its own it lets pass.
 *
 * @since 0.1.0
 * @category models
 */
export type EventDriver<S, E = never, R = never> = (event: DispatchEvent) => Step<never, S, E | DispatchError, R>

/** The `forEach` that none was given for. */
export const doNothing = () => Effect.void

/**
 * Gives what arrives at a target's socket to `forEach`, one read (at most 8192 bytes, never none) an event. At the end
 * of the stream it closes the socket at once, and the target is `"closed"`. Interrupted before `forEach` has begun, it
 * keeps the bytes for the next event.
 *
 * @param forEach default: does nothing
 * @param sentinel default {@link readSentinel}
 * @since 0.1.0
 * @category drivers
 */
export function dataReader<E = never, R = never>(
  target: AnyTarget,
  forEach?: (data: Uint8Array) => Effect.Effect<void, E, R>
): EventDriver<typeof readSentinel, E, R>
export function dataReader<S extends symbol, E = never, R = never>(
  target: AnyTarget,
  forEach: ((data: Uint8Array) => Effect.Effect<void, E, R>) | undefined,
  sentinel: S
): EventDriver<S, E, R>
export function dataReader<E, R>(
  target: AnyTarget,
  forEach: (data: Uint8Array) => Effect.Effect<void, E, R> = doNothing,
  sentinel: symbol = readSentinel
): EventDriver<symbol, E, R> {
  const more = Exit.succeed(sentinel)
  let isOver = false
  let read: Step<Uint8Array, typeof readSentinel> | undefined
  const end = <X>(exit: Exit.Exit<never, X>) => {
    isOver = true
    return exit
  }
  const atEnd = Effect.suspend(() => {
    target.dispatchState = "closed"
    return Effect.zipRight(target.sock?.close ?? Effect.void, ended)
  })
  return ([readable, , error]) =>
    Effect.suspend((): Step<never, symbol, E | DispatchError, R> => {
      if (isOver) return ended
      if (Option.isSome(error)) return end(Exit.fail(error))
      if (!readable) return more
      if (target.sock === undefined) return end(noSocket("dataReader"))
      read ??= socketReader(target.sock)
      return Effect.matchEffect(read, {
        onSuccess: (data): Step<never, symbol, E | DispatchError, R> =>
          data === readSentinel || data.length === 0
            ? more
            : Effect.matchEffect(forEach(data), {
                onSuccess: () => more,
                onFailure: (error) => end(Exit.fail(Option.some(error)))
              }),
        onFailure: (error): Step<never, never> => {
          isOver = true
          return Option.isNone(error) ? atEnd : Exit.fail(error)
        }
      })
    })
}

/** What a driver ends with whose target has no socket. */
export const noSocket = (operation: string) => Exit.fail(Option.some(new SocketClosed({ operation })))

type Of<Drivers extends ReadonlyArray<EventDriver<symbol, unknown, unknown>>> = Effect.Effect<
  void,
  Drivers[number] extends (event: DispatchEvent) => Step<never, symbol, infer E, unknown> ? E : never,
  Drivers[number] extends (event: DispatchEvent) => Step<never, symbol, unknown, infer R> ? R : never
>

/**
 * Drivers as what is told of the events of a target: each gets every event, in this order. A driver that has ended lets
 * events pass; an error fails the event, so that the dispatcher closes the target.
 *
 * @since 0.1.0
 * @category drivers
 */
export function drive<const Drivers extends ReadonlyArray<EventDriver<symbol, unknown, unknown>>>(
  ...drivers: Drivers
): (event: DispatchEvent) => Of<Drivers>
export function drive(
  ...drivers: ReadonlyArray<EventDriver<symbol, unknown, unknown>>
): (event: DispatchEvent) => Effect.Effect<void, unknown, unknown> {
  return (event) => Effect.forEach(drivers, (driver) => Effect.catchAll(driver(event), passEnd), { discard: true })
}

const passEnd = <E>(error: Option.Option<E>): Effect.Effect<void, E> =>
  Option.match(error, { onNone: () => Effect.void, onSome: Effect.fail })
