import { InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { resized } from "../sock/arguments.js"
import type { Sock } from "../../Sock.js"
import { MSG, SOCK } from "../../SocketConstants.js"
import type { ArgumentError } from "../../SocketError.js"
import { wouldBlock } from "./outcome.js"

/**
 * What reading steps give where they would wait.
 *
 * @since 0.1.0
 * @category sentinels
 */
export const readSentinel: unique symbol = Symbol("@ductworks/sockets/Dispatcher/readSentinel")

/**
 * What writing steps give where they would wait.
 *
 * @since 0.1.0
 * @category sentinels
 */
export const writeSentinel: unique symbol = Symbol("@ductworks/sockets/Dispatcher/writeSentinel")

/**
 * One step of something that goes on step by step. It never waits: where it would, it gives the sentinel. It fails with
 * none at the end, with some error once, and with none from then on; that is a pull of Effect's streams
 * (`Stream.repeatEffectOption`).
 *
 * @since 0.1.0
 * @category models
 */
export type Step<A, S, E = ArgumentError, R = never> = Effect.Effect<A | S, Option.Option<E>, R>

/** At the end. */
export const ended: Exit.Exit<never, Option.Option<never>> = Exit.fail(Option.none())

/**
 * What has arrived, at most `bufferSize` bytes (default 8192) a step, or the sentinel (default {@link readSentinel})
 * where it would wait. EAGAIN, EWOULDBLOCK, ENOBUFS and EINTR are waits; any other error ends it, as the end of the
 * stream does. An interrupted step keeps what it took for the next.
 *
 * @since 0.1.0
 * @category steps
 * @example
 * import { Dispatcher, PortableSockets } from "@ductworks/sockets"
 * import { Sockets } from "@ductworks/sockets/Sock"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const { sock } = yield* Sockets
 *   const listener = yield* sock()
 *   yield* listener.bind(["127.0.0.1", 0])
 *   yield* listener.listen()
 *   const client = yield* sock()
 *   yield* client.connect(yield* listener.getsockname)
 *   const [server] = yield* listener.accept
 *
 *   const read = Dispatcher.socketReader(client)
 *   console.assert((yield* read) === Dispatcher.readSentinel)
 *   console.assert((yield* Dispatcher.socketWriter(server)(new Uint8Array([1, 2, 3]))) === 0)
 *   yield* client.waitForRead
 *   const data = yield* read
 *   console.assert(data !== Dispatcher.readSentinel && data.length === 3)
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(PortableSockets.layer)))
 */
export function socketReader(sock: Sock): Step<Uint8Array, typeof readSentinel>
export function socketReader<S extends symbol>(sock: Sock, sentinel: S, bufferSize?: number): Step<Uint8Array, S>
export function socketReader(
  sock: Sock,
  sentinel: symbol = readSentinel,
  bufferSize: number = 8192
): Step<Uint8Array, symbol> {
  const blocked = Exit.succeed(sentinel)
  let isOver = false
  let held: Uint8Array = new Uint8Array(0)
  // One `sync`: what it gives reaches the caller's next step, or was not taken (core's Exclusive.ts says why).
  const give = Effect.sync(() => {
    const data = held
    held = new Uint8Array(0)
    return data
  })
  const read = Effect.matchEffect(sock.recv(bufferSize, MSG.DONTWAIT), {
    onSuccess: (data) => {
      if (data.length === 0) {
        // An empty datagram is none the less one.
        if (sock.type === SOCK.DGRAM) return Effect.succeed(data)
        isOver = true
        return ended
      }
      held = data
      return give
    },
    onFailure: (error) => {
      if (wouldBlock(error)) return blocked
      isOver = true
      return Exit.fail(Option.some(error))
    }
  })
  return Effect.suspend(() => (isOver ? ended : held.length > 0 ? give : read))
}

/**
 * Sends step by step. Each call with bytes begins with them; each call without goes on with what is left. Either sends
 * once and gives how many bytes are left (0: all were handed to the system), or the sentinel where it would wait. New
 * bytes while some are left fail with `InvalidArgument`, and nothing is sent. The memory is lent meanwhile.
 *
 * @since 0.1.0
 * @category models
 */
export type SocketWriter<S> = (data?: Uint8Array) => Step<number, S>

/**
 * A {@link SocketWriter}; the sentinel is {@link writeSentinel} by default. EAGAIN, EWOULDBLOCK, ENOBUFS and EINTR are
 * waits; any other error ends it.
 *
 * @since 0.1.0
 * @category steps
 */
export function socketWriter(sock: Sock): SocketWriter<typeof writeSentinel>
export function socketWriter<S extends symbol>(sock: Sock, sentinel: S): SocketWriter<S>
export function socketWriter(sock: Sock, sentinel: symbol = writeSentinel): SocketWriter<symbol> {
  const sending = new Sending(sock, sentinel)
  return (data) =>
    Effect.suspend((): Step<number, symbol> => {
      if (data === undefined) return sending.step
      if (sending.left > 0) return Effect.fail(Option.some(unfinished(sending.left)))
      sending.put(data)
      return sending.step
    })
}

const unfinished = (left: number) =>
  new InvalidArgument({ operation: "socketWriter", problem: `${left} bytes of the last item are left to be sent` })

/** Bytes on their way to a socket. */
export class Sending<S extends symbol> {
  /** Bytes that are still to be sent. */
  left = 0
  private isOver = false
  private rest: Uint8Array = new Uint8Array(0)
  private readonly send: Step<number, S>

  constructor(sock: Sock, sentinel: S) {
    const blocked = Exit.succeed(sentinel)
    this.send = Effect.suspend(() =>
      // What was sent is counted in the step that follows the call, where no interruption can come between.
      Effect.matchEffect(sock.send(this.rest, MSG.DONTWAIT), {
        onSuccess: (count): Step<number, S> => {
          this.rest = this.rest.subarray(count)
          this.left -= count
          return Effect.succeed(this.left)
        },
        onFailure: (error): Step<number, S> => {
          if (wouldBlock(error)) return blocked
          this.isOver = true
          return Exit.fail(Option.some(error))
        }
      })
    )
  }

  /** Begins with these bytes, once nothing is left of those before. */
  put(data: Uint8Array): void {
    this.rest = data
    this.left = data.length
  }

  // What was sent of it is half an item.
  private readonly lost: Step<never, never> = Effect.suspend(() => {
    this.isOver = true
    return Effect.fail(Option.some(resized("socketWriter")))
  })

  /** Sends once; how many bytes are left. */
  readonly step: Step<number, S> = Effect.suspend(() =>
    this.isOver ? ended : this.left === 0 ? Effect.succeed(0) : this.rest.length === this.left ? this.send : this.lost
  )
}
