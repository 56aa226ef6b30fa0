import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import type { Chunks, Connection } from "../Connection.js"
import * as Deadline from "../Deadline.js"
import {
  DuctTimeout,
  InvalidArgument,
  MessageTruncated,
  NotConnected,
  type ReadError,
  type RemoteDuctClosed,
  Unsupported,
  type WriteError
} from "../DuctError.js"
import { Exclusive } from "../Exclusive.js"
import type * as RawDuct from "../RawDuct.js"
import { ByteQueue } from "./byteQueue.js"
import { pollTimeout } from "./constants.js"

/** Up to here data is copied, so that the caller's buffer is free at once; above, it is lent until it left. */
export const copyLimit = 64 * 1024

type Recv<A> = Effect.Effect<A, RawDuct.RecvError>

/** One end of a duct, whatever made its connection: the data operations of `RawDuct`, over a connection that may go. */
export class RawEnd {
  private connection: Connection | undefined
  private readonly queue = new ByteQueue()
  private readonly turn = new Exclusive("recv")
  /** The end of the stream, once it was seen. */
  private end: RemoteDuctClosed | undefined

  constructor(readonly timeout: Duration.Duration) {}

  attach(connection: Connection | undefined): void {
    this.connection = connection
    this.queue.clear()
    this.end = undefined
  }

  get isConnected(): boolean {
    return this.connection !== undefined
  }

  with<A, E, R>(
    operation: string,
    use: (connection: Connection) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | NotConnected, R> {
    return Effect.suspend((): Effect.Effect<A, E | NotConnected, R> => {
      const connection = this.connection
      return connection === undefined ? Effect.fail(new NotConnected({ operation })) : use(connection)
    })
  }

  // --- sending

  readonly send = (bytes: Uint8Array, flags: RawDuct.SendFlags = {}): Effect.Effect<number, RawDuct.SendError> =>
    this.with("send", (connection) => {
      if (bytes.length === 0) return zero
      const part = bytes.slice(0, copyLimit)
      return Effect.as(connection.write([part], flags.dontWait === true ? Duration.zero : this.timeout), part.length)
    })

  readonly writev = (chunks: Iterable<Uint8Array>): Effect.Effect<number, RawDuct.SendError> =>
    this.with("send", (connection) => {
      const [first, ...rest] = Array.from(chunks).filter((chunk) => chunk.length > 0)
      if (first === undefined) return zero
      const total = rest.reduce((sum, chunk) => sum + chunk.length, first.length)
      return total <= copyLimit
        ? Effect.as(connection.write([concat([first, ...rest], total)], this.timeout), total)
        : connection.write([first, ...rest], this.timeout).pipe(Effect.zipRight(connection.flush), Effect.as(total))
    })

  readonly write = (chunks: Chunks): Effect.Effect<void, NotConnected | WriteError> =>
    this.with("send", (connection) => connection.write(chunks, this.timeout))

  readonly sendAll = (bytes: Uint8Array): Effect.Effect<void, RawDuct.SendError> => Effect.asVoid(this.writev([bytes]))

  readonly flush = this.with("flush", (connection) => connection.flush)

  readonly endWrite = this.with("endWrite", (connection) => connection.endWrite)

  readonly sink: Sink.Sink<void, Uint8Array, never, RawDuct.SendError> = Sink.forEachChunk((chunks) =>
    Effect.asVoid(this.writev(chunks))
  )

  // --- receiving

  readonly recv = (maxBytes: number, flags: RawDuct.RecvFlags = {}): Recv<Uint8Array> =>
    isCount(maxBytes)
      ? this.receive(wanted(maxBytes, flags), flags, () =>
          flags.peek === true ? this.queue.peek(maxBytes) : this.queue.take(maxBytes)
        )
      : Exit.fail(notACount("recv", "maxBytes", maxBytes))

  readonly recvInto = (buffer: Uint8Array, options: RawDuct.RecvIntoOptions = {}): Recv<number> => {
    const { flags = {}, length = 0 } = options
    if (!isCount(length) || length > buffer.length) {
      const problem = `length must be an integer from 0 to the buffer's ${buffer.length} bytes, not ${length}`
      return Exit.fail(new InvalidArgument({ operation: "recvInto", problem }))
    }
    const target = length === 0 ? buffer : buffer.subarray(0, length)
    return this.receive(wanted(target.length, flags), flags, () =>
      flags.peek === true ? this.queue.peekInto(target) : this.queue.takeInto(target)
    )
  }

  readonly recvExact = (count: number): Effect.Effect<Uint8Array, RawDuct.RecvError | MessageTruncated> =>
    isCount(count)
      ? this.receive(
          count,
          {},
          () => this.queue.take(count),
          () => new MessageTruncated({ expected: count, received: this.queue.size })
        )
      : Exit.fail(notACount("recvExact", "count", count))

  readonly readv = (sizes: ReadonlyArray<number>): Recv<Array<Uint8Array>> => {
    const wrong = sizes.find((size) => !isCount(size))
    if (wrong !== undefined) return Exit.fail(notACount("readv", "each size", wrong))
    const total = sizes.reduce((sum, size) => sum + size, 0)
    return this.receive(total, {}, () => {
      const parts: Array<Uint8Array> = []
      for (const size of sizes) {
        if (size > 0 && this.queue.size === 0) break
        parts.push(this.queue.take(size))
      }
      return parts
    })
  }

  /**
   * Runs `take` as soon as `count` bytes are here, or no more will come (unless `atEnd` makes an error of that). The
   * time-out bounds the whole operation; a failed or interrupted one leaves what has arrived for the next.
   */
  private receive<A, E = never>(
    count: number,
    flags: RawDuct.RecvFlags,
    take: () => A,
    atEnd?: () => E
  ): Effect.Effect<A, RawDuct.RecvError | E> {
    const commit = this.turn.commit(take)
    const timeout = flags.dontWait === true ? Duration.zero : this.timeout
    return this.with("recv", (connection) => {
      const attempt = (until: Deadline.Deadline | undefined) => {
        const self: Effect.Effect<A, RawDuct.RecvError | E> = this.turn.run(() => {
          if (this.queue.size >= count) return commit
          if (this.end !== undefined) return atEnd === undefined ? commit : this.turn.fail(Exit.fail(atEnd()))
          return Effect.matchEffect(
            this.arrival(connection, until === undefined ? timeout : Deadline.remaining(until)),
            {
              onFailure: (error) => this.turn.fail(Exit.fail(error)),
              onSuccess: () => self
            }
          )
        })
        return self
      }
      // One wait needs no deadline of its own.
      return count <= 1 || this.queue.size >= count
        ? attempt(undefined)
        : Effect.flatMap(Deadline.make(timeout), attempt)
    })
  }

  /** Waits for bytes, or the end, and puts them into the queue. */
  private arrival(connection: Connection, timeout: Duration.Duration): Effect.Effect<void, RawDuct.RecvError> {
    return Effect.flatMap(connection.poll(timeout), (isHere) =>
      isHere
        ? Effect.matchEffect(connection.pull, {
            onFailure: (error): Exit.Exit<void, RawDuct.RecvError> => {
              if (error._tag !== "RemoteDuctClosed") return Exit.fail(error)
              this.end = error
              return Exit.void
            },
            onSuccess: (chunks) => Exit.succeed(this.queue.push(chunks))
          })
        : Exit.fail(new DuctTimeout({ operation: "recv", timeout: this.timeout }))
    )
  }

  /** For the layer above: everything that is here; the end is `RemoteDuctClosed`. */
  readonly pull: Effect.Effect<Chunks, NotConnected | ReadError> = this.with("recv", (connection) =>
    this.queue.size === 0
      ? connection.pull
      : this.turn.run(() => {
          const chunks = this.queue.peekAll()
          if (chunks === undefined) return this.turn.release(connection.pull)
          return this.turn.commit(() => {
            this.queue.clear()
            return chunks
          })
        })
  )

  readonly poll = (timeout: Duration.DurationInput = pollTimeout) =>
    this.with("poll", (connection) =>
      this.queue.size > 0 || this.end !== undefined ? yes : connection.poll(Duration.decode(timeout))
    )

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

const yes = Exit.succeed(true)

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

/** How many bytes a receive waits for: with `waitAll` all of them, else any. */
const wanted = (count: number, flags: RawDuct.RecvFlags): number =>
  flags.waitAll === true && flags.dontWait !== true ? count : Math.min(count, 1)

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

const notACount = (operation: string, name: string, value: number): InvalidArgument =>
  new InvalidArgument({ operation, problem: `${name} must be an integer of at least 0, not ${value}` })
