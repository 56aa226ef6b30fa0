import { Address, Connection } from "@ductworks/core"
import type { SocketOptions } from "@ductworks/core/Transport"
import { Effect, Option, Scope } from "effect"
import { MemoryEnd } from "../../src/internal/memoryEnd.js"

type ReadInto = NonNullable<Connection.Driver["takeInto"]>

/** An end in memory that can also be read into a buffer, as a system can: what does not fit waits. */
const readable = (end: MemoryEnd): Connection.Driver => {
  let rest: ReadonlyArray<Uint8Array> = []
  const take = () => {
    const [first, ...more] = rest
    rest = []
    return first === undefined ? end.take() : ([first, ...more] as const)
  }
  const takeInto: ReadInto = (buffer) => {
    const taken = take()
    if (taken === undefined || "_tag" in taken) return taken
    const [first, ...more] = taken
    const fits = first.subarray(0, buffer.length)
    buffer.set(fits)
    rest = fits.length < first.length ? [first.subarray(fits.length), ...more] : more
    return fits.length
  }
  return { ...end, take, takeInto }
}

/** Two ends in memory whose connections have `pullInto`, changed as a test wants. */
export const direct =
  (change: (takeInto: ReadInto) => ReadInto = (same) => same) =>
  (left: Scope.Scope, right: Scope.Scope, options: SocketOptions) =>
    Effect.suspend(() => {
      const [one, other] = MemoryEnd.pair(50_000)
      const connect = (end: MemoryEnd, scope: Scope.Scope) => {
        const driver = readable(end)
        const { takeInto = () => undefined } = driver
        const changed = { ...driver, takeInto: change(takeInto) }
        return Scope.extend(
          Connection.make(changed, {
            localAddress: Address.MemoryAddress(""),
            remoteAddress: Address.MemoryAddress(""),
            fileno: Option.none(),
            linger: options.linger ?? "3 seconds",
            highWaterMark: options.highWaterMark
          }),
          scope
        )
      }
      return Effect.all([connect(one, left), connect(other, right)])
    })
