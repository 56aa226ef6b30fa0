import { Connection } from "@ductworks/core"
import { DuctClosed, type Unsupported, type WriteError } from "@ductworks/core/DuctError"
import type { SocketOptions } from "@ductworks/core/Transport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Options } from "../FaultyTransport.js"
import { incomingRelay, outgoingRelay } from "./faultyRelay.js"
import { MemoryEnd } from "./memoryEnd.js"

const capacity = 64 * 1024

/**
 * The connection with faults: a pair of ends in memory, of which the near one is the caller's, and two fibers that carry
 * bytes between the far one and the connection.
 */
export const faulty = (
  connection: Connection.Connection,
  options: Options,
  socketOptions: SocketOptions = {}
): Effect.Effect<Connection.Connection, never, Scope.Scope> =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const [near, farEnd] = MemoryEnd.pair(capacity)
      const { fileno, localAddress, remoteAddress } = connection
      const far = yield* Connection.make(farEnd.driver(false), { localAddress, remoteAddress, fileno, linger: 0 })
      const line = { connection, far, farEnd, valve: options.valve }
      const account = new Account(near)
      const fork = <E>(relay: Effect.Effect<void, E>) => Effect.forkIn(Effect.interruptible(relay), scope)
      const outgoing = yield* fork(outgoingRelay(line, options.outgoing ?? {}, account.left))
      const incoming = yield* fork(incomingRelay(line, options.incoming ?? {}))
      return yield* Connection.make(driver(near, account, connection, outgoing, incoming), {
        localAddress,
        remoteAddress,
        fileno,
        linger: socketOptions.linger ?? "3 seconds",
        highWaterMark: socketOptions.highWaterMark
      })
    })
  )

/** Bytes that the caller wrote and the wrapped connection has not flushed, wherever they are. */
class Account {
  private taken = 0
  private gone = 0
  wake: () => void = () => {}

  constructor(private readonly near: MemoryEnd) {}

  put(chunks: Connection.Chunks): void {
    for (const chunk of chunks) this.taken += chunk.length
    this.near.put(chunks)
  }

  readonly left = (bytes: number): void => {
    this.gone += bytes
    this.wake()
  }

  readonly pending = (): number => (this.near.failure() === undefined ? this.taken - this.gone : 0)
}

const driver = (
  near: MemoryEnd,
  account: Account,
  connection: Connection.Connection,
  outgoing: Fiber.Fiber<void, WriteError | Unsupported>,
  incoming: Fiber.Fiber<void>
): Connection.Driver => {
  let isLeaving = false
  const stop = Fiber.interruptAll([outgoing, incoming])
  return {
    start: (wake) => {
      account.wake = () => wake("write")
      near.start(wake)
    },
    take: near.take,
    put: (chunks) => account.put(chunks),
    pending: account.pending,
    failure: near.failure,
    endWrite: Effect.zipRight(
      near.endWrite,
      Effect.flatMap(Fiber.await(outgoing), (exit) => (Exit.isInterrupted(exit) ? closedHere : exit))
    ),
    close: (mode) => {
      switch (mode) {
        case "linger":
          return Effect.suspend(() => {
            isLeaving = true
            const sent = Effect.zipRight(near.close("linger"), Fiber.await(outgoing))
            return Effect.zipRight(sent, connection.close).pipe(
              Effect.tap(() => {
                isLeaving = false
              })
            )
          })
        case "now":
          // What still waits after the linger is lost, and the other end should know. Without a linger the wrapped
          // connection is closed by the scope, in its own way.
          return Effect.suspend(() =>
            Effect.zipRight(Effect.zipRight(near.close("now"), stop), isLeaving ? connection.abort : Effect.void)
          )
        case "reset":
          return Effect.zipRight(Effect.zipRight(near.close("reset"), stop), connection.abort)
      }
    }
  }
}

const closedHere = Exit.fail(new DuctClosed({ operation: "endWrite" }))
