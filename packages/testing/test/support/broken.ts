import { type Connection, Transport } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { Effect, Layer, type Scope } from "effect"

type Break = (connection: Connection.Connection) => Effect.Effect<Connection.Connection, never, Scope.Scope>

/** A memory transport whose connections are changed. */
export const broken = (change: Break, options?: MemoryTransport.Options): Layer.Layer<Transport.Transport> =>
  Layer.sync(Transport.Transport, () => {
    const memory = MemoryTransport.make(options)
    return {
      connect: (address, options) => Effect.flatMap(memory.connect(address, options), change),
      listen: (address, options) =>
        Effect.map(memory.listen(address, options), (listener) => ({
          ...listener,
          accept: Effect.flatMap(listener.accept, change)
        })),
      pair: (options) =>
        Effect.flatMap(memory.pair(options), ([left, right]) => Effect.all([change(left), change(right)]))
    }
  })

export const changed = (change: (connection: Connection.Connection) => Partial<Connection.Connection>) =>
  broken((connection) => Effect.succeed({ ...connection, ...change(connection) }))

/** Keeps the last chunk back until the next one comes, so it is lost at the end. */
export const losesTheLastChunk = changed((connection) => {
  let kept: Uint8Array | undefined
  return {
    write: (chunks, timeout) => {
      const all = kept === undefined ? [...chunks] : [kept, ...chunks]
      kept = all.pop()?.slice()
      const [first, ...rest] = all
      return first === undefined ? Effect.void : connection.write([first, ...rest], timeout)
    }
  }
})

/** Reads whatever comes, whether somebody asked for it or not. */
export const readsAhead = broken((connection) =>
  Effect.gen(function* () {
    const here: Array<Connection.Chunks> = []
    yield* Effect.forkScoped(Effect.forever(Effect.map(connection.pull, (chunks) => here.push(chunks))))
    const pull: Connection.Connection["pull"] = Effect.suspend(() => {
      const chunks = here.shift()
      return chunks === undefined ? Effect.zipRight(Effect.yieldNow(), pull) : Effect.succeed(chunks)
    })
    return { ...connection, pull }
  })
)

export const reorders = changed((connection) => ({
  write: ([first, second, ...rest], timeout) =>
    connection.write(second === undefined ? [first] : [second, first, ...rest], timeout)
}))

export const forgetsTheDeferred = changed(() => ({ defer: () => true }))

/** Asks for what was deferred when it is flushed, and not before the next write. */
export const overtakesTheDeferred = changed((connection) => {
  let deferred: Connection.Deferred | undefined
  return {
    defer: (source) => {
      deferred = source
      return true
    },
    flush: Effect.suspend(() => {
      const chunks = deferred?.take()
      return Effect.zipRight(chunks === undefined ? Effect.void : connection.write(chunks), connection.flush)
    })
  }
})

/** A point between taking the bytes and giving them to the caller. */
export const dropsOnInterrupt = changed((connection) => ({
  pull: Effect.tap(connection.pull, () => Effect.yieldNow())
}))

export const tearsOnInterrupt = changed((connection) => ({
  write: (chunks, timeout) =>
    Effect.forEach(chunks, (chunk) => Effect.zipRight(connection.write([chunk], timeout), Effect.yieldNow()), {
      discard: true
    })
}))

/** Completes a flush whose bytes are still the caller's. */
export const flushesTooEarly = changed(() => ({ flush: Effect.void }))

export const forgetsTheEnd = changed((connection) => {
  let isOver = false
  return {
    pull: Effect.suspend(() => {
      if (isOver) return Effect.never
      return Effect.tapError(connection.pull, () =>
        Effect.sync(() => {
          isOver = true
        })
      )
    })
  }
})

export const closesBothHalves = changed((connection) => ({ endWrite: connection.close }))

export const queuesReaders = broken((connection) =>
  Effect.map(Effect.makeSemaphore(1), (turn) => ({ ...connection, pull: turn.withPermits(1)(connection.pull) }))
)

export const abortsSilently = changed(() => ({ abort: Effect.void, close: Effect.void }))

export const diesAtTheEnd = changed((connection) => ({ pull: Effect.orDie(connection.pull) }))

export const pollsForEver = changed((connection) => ({ poll: () => Effect.as(connection.readable, true) }))

type Into = NonNullable<Connection.Connection["pullInto"]>

const brokenInto = (change: (pullInto: Into) => Into) =>
  broken(
    ({ pullInto = () => Effect.never, ...connection }) => Effect.succeed({ ...connection, pullInto: change(pullInto) }),
    {
      direct: true
    }
  )

export const writesTooFar = brokenInto(
  (pullInto) => (buffer) => Effect.tap(pullInto(buffer), (count) => Effect.sync(() => buffer.fill(1, count)))
)

export const keepsTheBuffer = brokenInto((pullInto) => {
  let last: Uint8Array = new Uint8Array(0)
  return (buffer) =>
    Effect.suspend(() => {
      last.fill(1)
      last = buffer
      return pullInto(buffer)
    })
})

export const dropsInto = brokenInto((pullInto) => (buffer) => Effect.tap(pullInto(buffer), () => Effect.yieldNow()))

export const losesAccepted: Layer.Layer<Transport.Transport> = Layer.sync(Transport.Transport, () => {
  const memory = MemoryTransport.make()
  return {
    ...memory,
    listen: (address, options) =>
      Effect.map(memory.listen(address, options), (listener) => ({
        ...listener,
        accept: Effect.tap(listener.accept, () => Effect.yieldNow())
      }))
  }
})
