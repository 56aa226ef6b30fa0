import { Address, Connection, DuctError, Transport } from "@ductworks/core"
import { Effect, Exit, Layer, Option, type Scope } from "effect"

/** A connection whose driver says what the test wants: nothing to read, all is written, until told otherwise. */
export const scripted = (driver: Partial<Connection.Driver> = {}, info: Partial<Connection.Info> = {}) =>
  Connection.make(
    {
      start: () => {},
      take: () => undefined,
      put: () => {},
      pending: () => 0,
      failure: () => undefined,
      endWrite: Effect.void,
      close: () => Effect.void,
      ...driver
    },
    {
      localAddress: Address.MemoryAddress("here"),
      remoteAddress: Address.MemoryAddress("there"),
      fileno: Option.none(),
      linger: 0,
      ...info
    }
  )

type Connect = Effect.Effect<Connection.Connection, DuctError.ConnectError, Scope.Scope>

/** A transport that only connects: the nth attempt is the nth of the list, or the last. Counts attempts and releases. */
export const dialing = (attempts: readonly [Connect, ...Array<Connect>]) => {
  const options: Array<Transport.ConnectOptions | undefined> = []
  const seen = { attempts: 0, released: 0, options }
  const attempt = (options?: Transport.ConnectOptions): Connect =>
    Effect.suspend(() => {
      seen.options.push(options)
      const next = attempts[seen.attempts++] ?? attempts[attempts.length - 1] ?? attempts[0]
      return Effect.zipRight(
        Effect.addFinalizer(() => Effect.sync(() => seen.released++)),
        next
      )
    })
  const layer = Layer.succeed(Transport.Transport, {
    connect: (_, options) => attempt(options),
    listen: () => Effect.dieMessage("listen"),
    pair: () => Effect.dieMessage("pair")
  })
  return { seen, layer }
}

export const refused = (reason: DuctError.Reason) =>
  Exit.fail(new DuctError.ConnectFailed({ reason, address: "memory:there" }))
