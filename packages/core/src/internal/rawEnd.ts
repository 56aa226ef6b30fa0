import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import type { Chunks, Connection, Line } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import {
  DuctTimeout,
  InvalidArgument,
  MessageTruncated,
  NotConnected,
  type ReadError,
  Unsupported,
  type WriteError
} from "../DuctError.js"
import type * as RawDuct from "../RawDuct.js"
import type { ByteQueue } from "./byteQueue.js"
import { pollTimeout } from "./constants.js"
import { RawReceiver } from "./rawReceiver.js"

/** Up to here data is copied, so that the caller's buffer is free at once; above, it is lent until it left. */
const copyLimit = 64 * 1024

type Recv<A, E = never> = Effect.Effect<A, RawDuct.RecvError | E>

/** One end of a duct, whatever made its connection: the data operations of `RawDuct`, over a connection that may go. */
export class RawEnd {
  private receiver: RawReceiver | undefined

  constructor(readonly timeout: Duration.Duration) {}

  /** Makes the connection the duct's, or none; nothing of the one before is left. */
  attach(connection: Connection | undefined): void {
    this.receiver = connection === undefined ? undefined : new RawReceiver(connection)
  }

  readonly line = (): Line | undefined => this.receiver

  private over<A, E, R>(
    operation: string,
    use: (receiver: RawReceiver) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | NotConnected, R> {
    return Effect.suspend((): Effect.Effect<A, E | NotConnected, R> => {
      const { receiver } = this
      return receiver === undefined ? Exit.fail(new NotConnected({ operation })) : use(receiver)
    })
  }

  private with<A, E, R>(operation: string, use: (connection: Connection) => Effect.Effect<A, E, R>) {
    return this.over(operation, ({ connection }) => use(connection))
  }

  // --- sending

  readonly send = (bytes: Uint8Array, flags: RawDuct.SendFlags = {}): Effect.Effect<number, RawDuct.SendError> =>
    this.with("send", (connection) => {
      if (bytes.length === 0) return zero
      const part = bytes.slice(0, copyLimit)
      return Effect.as(connection.write([part], flags.dontWait === true ? Duration.zero : this.timeout), part.length)
    })

  readonly writev = (pieces: Iterable<Uint8Array>): Effect.Effect<number, RawDuct.SendError> =>
    this.writePieces("writev", pieces)

  readonly sendAll = (bytes: Uint8Array): Effect.Effect<void, RawDuct.SendError> =>
    Effect.asVoid(this.writePieces("sendAll", [bytes]))

  private writePieces(operation: string, pieces: Iterable<Uint8Array>) {
    return this.with(operation, (connection) => {
      const [first, ...rest] = Array.from(pieces).filter((piece) => piece.length > 0)
      if (first === undefined) return zero
      const total = rest.reduce((sum, piece) => sum + piece.length, first.length)
      const sent =
        total <= copyLimit
          ? connection.write([concat([first, ...rest], total)], this.timeout)
          : this.lend(connection, [first, ...rest])
      return Effect.as(sent, total)
    })
  }

  /** Writes without a copy, so it has to wait until the bytes left; the time-out bounds all of it. */
  private lend(connection: Connection, chunks: Chunks): Effect.Effect<void, WriteError> {
    const { timeout } = this
    return Effect.flatMap(Deadline.make(timeout), (until) =>
      Effect.flatMap(connection.write(chunks, timeout), () => {
        if (connection.pending() === 0) return connection.flush
        return Effect.flatMap(Deadline.within(connection.flush, until), (left) =>
          Option.isSome(left) ? Exit.void : Exit.fail(new DuctTimeout({ operation: "send", timeout }))
        )
      })
    )
  }

  readonly write = (chunks: Chunks): Effect.Effect<void, NotConnected | WriteError> =>
    this.with("send", (connection) => connection.offer(chunks, this.timeout))

  readonly flush = this.with("flush", (connection) => connection.flush)

  readonly endWrite = this.with("endWrite", (connection) => connection.endWrite)

  readonly sink: Sink.Sink<void, Uint8Array, never, RawDuct.SendError> = Sink.forEachChunk((chunks) =>
    Effect.asVoid(this.writePieces("sink", chunks))
  )

  // --- receiving

  readonly recv = (maxBytes: number, flags: RawDuct.RecvFlags = {}): Recv<Uint8Array> =>
    isCount(maxBytes)
      ? this.over("recv", (receiver) =>
          receiver.receive({
            ...this.wanted(maxBytes, flags),
            take: (queue) => (flags.peek === true ? queue.peek(maxBytes) : queue.take(maxBytes))
          })
        )
      : Exit.fail(notACount("recv", "maxBytes", maxBytes))

  readonly recvInto = (buffer: Uint8Array, options: RawDuct.RecvIntoOptions = {}): Recv<number> => {
    const { flags = {}, length = 0 } = options
    if (!isCount(length) || length > buffer.length) {
      const problem = `length must be an integer from 0 to the buffer's ${buffer.length} bytes, not ${length}`
      return Exit.fail(new InvalidArgument({ operation: "recvInto", problem }))
    }
    const target = length === 0 ? buffer : buffer.subarray(0, length)
    const { count, timeout } = this.wanted(target.length, flags)
    const take = (queue: ByteQueue) => (flags.peek === true ? queue.peekInto(target) : queue.takeInto(target))
    return this.over("recvInto", (receiver) =>
      count === 1 && flags.peek !== true
        ? receiver.receiveInto(target, timeout)
        : receiver.receive({ count, timeout, take })
    )
  }

  readonly recvExact = (count: number): Recv<Uint8Array, MessageTruncated> =>
    isCount(count)
      ? this.over("recvExact", (receiver) =>
          receiver.receive({
            count,
            timeout: this.timeout,
            take: (queue) => queue.take(count),
            atEnd: (queue) => new MessageTruncated({ expected: count, received: queue.size })
          })
        )
      : Exit.fail(notACount("recvExact", "count", count))

  readonly readv = (sizes: ReadonlyArray<number>): Recv<Array<Uint8Array>> => {
    const wrong = sizes.find((size) => !isCount(size))
    if (wrong !== undefined) return Exit.fail(notACount("readv", "each size", wrong))
    const count = sizes.reduce((sum, size) => sum + size, 0)
    return this.over("readv", (receiver) =>
      receiver.receive({
        count,
        timeout: this.timeout,
        take: (queue) => {
          const parts: Array<Uint8Array> = []
          for (const size of sizes) {
            if (size > 0 && queue.size === 0) break
            parts.push(queue.take(size))
          }
          return parts
        }
      })
    )
  }

  /** With `waitAll` a receive waits for all bytes, else for any; with `dontWait` not at all. */
  private wanted(count: number, flags: RawDuct.RecvFlags) {
    return flags.dontWait === true
      ? { count: Math.min(count, 1), timeout: Duration.zero }
      : { count: flags.waitAll === true ? count : Math.min(count, 1), timeout: this.timeout }
  }

  readonly pull: Effect.Effect<Chunks, NotConnected | ReadError> = this.over("recv", (receiver) => receiver.pull)

  readonly poll = (timeout: Duration.DurationInput = pollTimeout) =>
    this.over("poll", (receiver) => receiver.poll(Duration.decode(timeout)))

  readonly stream: Stream.Stream<Uint8Array, RawDuct.StreamError> = Stream.repeatEffectChunkOption(
    Effect.matchEffect(this.pull, {
      onFailure: (error) => Exit.fail(error._tag === "RemoteDuctClosed" ? Option.none() : Option.some(error)),
      onSuccess: (chunks) => Exit.succeed(Chunk.unsafeFromArray(chunks))
    })
  )

  readonly fileno = this.with("fileno", (connection) =>
    Option.match(connection.fileno, {
      onNone: () => Exit.fail(new Unsupported({ operation: "fileno", problem: "this connection has no descriptor" })),
      onSome: Exit.succeed
    })
  )

  readonly localAddress = this.with("localAddress", (connection) => Exit.succeed(connection.localAddress))

  readonly remoteAddress = this.with("remoteAddress", (connection) => Exit.succeed(connection.remoteAddress))
}

const zero = Exit.succeed(0)

const concat = (chunks: Chunks, total: number): Uint8Array => {
  const out = new Uint8Array(total)
  let offset = 0
  for (const chunk of chunks) {
    out.set(chunk, offset)
    offset += chunk.length
  }
  return out
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

const notACount = (operation: string, name: string, value: number): InvalidArgument =>
  new InvalidArgument({ operation, problem: `${name} must be an integer of at least 0, not ${value}` })
