import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import type { Connection, Line } from "../Connection.js"
import { DuctClosed, InvalidArgument, MessageTruncated, NotConnected, Unsupported } from "../DuctError.js"
import { Facade } from "../Facade.js"
import type * as RawDuct from "../RawDuct.js"
import { andThen } from "../Settled.js"
import { copyOf } from "../Slab.js"
import type { ByteQueue } from "./byteQueue.js"
import { isCount, notACount } from "./count.js"
import { pollTimeout, timeout as defaultTimeout } from "./constants.js"
import { receiverOf } from "./directReceiver.js"
import type { RawReceiver } from "./rawReceiver.js"
import { Want } from "./want.js"
import { writeAll, writePieces } from "./writePieces.js"

/** What one `send` takes. */
const sendLimit = 64 * 1024

/**
 * One end of a duct, whatever made its connection: the data operations of `RawDuct`, over a connection that may go. Most
 * are made when they are asked for, since most ducts have a layer above that uses only the {@link line}.
 */
export abstract class RawEnd extends Facade implements RawDuct.RawDuct {
  #receiver: RawReceiver | undefined
  readonly timeout: Duration.Duration

  constructor(timeout: Duration.DurationInput | undefined) {
    super()
    this.timeout = timeout === undefined ? defaultTimeout : Duration.decode(timeout)
  }

  abstract get close(): RawDuct.RawDuct["close"]

  /** Ends what a fault of this side has made useless. */
  protected abstract giveUp(): Effect.Effect<void>

  /** Makes the connection the duct's, or none; nothing of the one before is left. */
  attach(connection: Connection | undefined): void {
    // What was deferred leaves with the connection that goes: a layer that sends from now on is told that there is none.
    this.#receiver?.leave()
    this.#receiver = connection === undefined ? undefined : receiverOf(connection)
  }

  /** What is behind it, for who asks often. A copy in which something is replaced is asked itself. */
  static lineOf(duct: RawDuct.RawDuct): Line | undefined {
    return #receiver in duct ? duct.#receiver : duct.line()
  }

  get line(): RawDuct.RawDuct["line"] {
    return () => this.#receiver
  }

  private over<A, E, R>(
    operation: string,
    use: (receiver: RawReceiver, fiber: Fiber.RuntimeFiber<unknown, unknown>) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | NotConnected, R> {
    return Effect.withFiberRuntime((fiber): Effect.Effect<A, E | NotConnected, R> => {
      const receiver = this.#receiver
      return receiver === undefined ? Exit.fail(new NotConnected({ operation })) : use(receiver, fiber)
    })
  }

  private overConnection<A, E, R>(operation: string, use: (connection: Connection) => Effect.Effect<A, E, R>) {
    return this.over(operation, ({ connection }) => use(connection))
  }

  // --- sending

  get send(): RawDuct.RawDuct["send"] {
    return (bytes, flags = {}) =>
      this.overConnection("send", (connection) => {
        if (bytes.length === 0) return zero
        const part = copyOf([bytes.subarray(0, sendLimit)], Math.min(bytes.length, sendLimit))
        const sent = connection.offer([part], flags.dontWait === true ? Duration.zero : this.timeout)
        return andThen(sent, () => Exit.succeed(part.length))
      })
  }

  get writev(): RawDuct.RawDuct["writev"] {
    return (pieces) => this.writeEach("writev", pieces)
  }

  get sendAll(): RawDuct.RawDuct["sendAll"] {
    return (bytes) => this.overConnection("sendAll", (connection) => writeAll(connection, bytes, this.timeout))
  }

  private writeEach(operation: string, pieces: Iterable<Uint8Array>) {
    return this.overConnection(operation, (connection) => writePieces(connection, pieces, this.timeout))
  }

  get write(): RawDuct.RawDuct["write"] {
    return (chunks) => this.overConnection("send", (connection) => connection.offer(chunks, this.timeout))
  }

  get flush(): RawDuct.RawDuct["flush"] {
    return this.overConnection("flush", (connection) => connection.flush)
  }

  get endWrite(): RawDuct.RawDuct["endWrite"] {
    return this.overConnection("endWrite", (connection) => connection.endWrite)
  }

  get sink(): RawDuct.RawDuct["sink"] {
    return Sink.forEachChunk((chunks) => Effect.asVoid(this.writeEach("sink", chunks)))
  }

  // --- receiving

  private receive<A, E = never>(operation: string, want: Want<A, E>) {
    return this.over(operation, (receiver, fiber) => receiver.receive(fiber, want))
  }

  get recv(): RawDuct.RawDuct["recv"] {
    return (maxBytes, flags = none) => {
      if (!isCount(maxBytes)) return Exit.fail(notACount("recv", "maxBytes", maxBytes))
      const take =
        flags.peek === true ? (queue: ByteQueue) => queue.peek(maxBytes) : (queue: ByteQueue) => queue.take(maxBytes)
      return this.receive("recv", new Want(leastOf(maxBytes, flags), this.patience(flags), take))
    }
  }

  get recvInto(): RawDuct.RawDuct["recvInto"] {
    return (buffer, options = {}) => {
      const { flags = none, length = 0 } = options
      if (!isCount(length) || length > buffer.length) {
        const problem = `length must be an integer from 0 to the buffer's ${buffer.length} bytes, not ${length}`
        return Exit.fail(new InvalidArgument({ operation: "recvInto", problem }))
      }
      const target = length === 0 ? buffer : buffer.subarray(0, length)
      const count = leastOf(target.length, flags)
      const timeout = this.patience(flags)
      return count > 0 && flags.peek !== true
        ? this.over("recvInto", (receiver, fiber) => receiver.receiveInto(fiber, target, count, timeout))
        : this.receive("recvInto", new Want(count, timeout, (queue) => queue.peekInto(target)))
    }
  }

  get recvExact(): RawDuct.RawDuct["recvExact"] {
    return (count) => {
      if (!isCount(count)) return Exit.fail(notACount("recvExact", "count", count))
      const atEnd = (queue: ByteQueue) => new MessageTruncated({ expected: count, received: queue.size })
      return this.receive("recvExact", new Want(count, this.timeout, (queue) => queue.take(count), atEnd))
    }
  }

  get readv(): RawDuct.RawDuct["readv"] {
    return (sizes) => {
      const wrong = sizes.find((size) => !isCount(size))
      if (wrong !== undefined) return Exit.fail(notACount("readv", "each size", wrong))
      const count = sizes.reduce((sum, size) => sum + size, 0)
      return this.receive("readv", new Want(count, this.timeout, (queue) => takeSizes(queue, sizes)))
    }
  }

  private patience(flags: RawDuct.RecvFlags): Duration.Duration {
    return flags.dontWait === true ? Duration.zero : this.timeout
  }

  get pull(): RawDuct.RawDuct["pull"] {
    return this.over("recv", (receiver) => receiver.pull)
  }

  get poll(): RawDuct.RawDuct["poll"] {
    return (timeout = pollTimeout) => {
      const poll = this.over("poll", (receiver) => receiver.poll(Duration.decode(timeout)))
      return Effect.tapErrorTag(poll, "LocalSocketFault", () => this.giveUp())
    }
  }

  get stream(): RawDuct.RawDuct["stream"] {
    const next = Effect.matchEffect(this.pull, {
      onFailure: (error) => Exit.fail(error._tag === "RemoteDuctClosed" ? Option.none() : Option.some(error)),
      onSuccess: (chunks) => Exit.succeed(Chunk.unsafeFromArray(chunks))
    })
    return Stream.repeatEffectChunkOption(next)
  }

  // --- of the connection

  get fileno(): RawDuct.RawDuct["fileno"] {
    return this.overConnection("fileno", (connection) =>
      Option.match(connection.fileno, {
        // There never was one, or there is none any more.
        onNone: () =>
          Effect.matchEffect(connection.poll(Duration.zero), {
            onFailure: () => Exit.fail(new DuctClosed({ operation: "fileno" })),
            onSuccess: () => noDescriptor
          }),
        onSome: Exit.succeed
      })
    )
  }

  get localAddress(): RawDuct.RawDuct["localAddress"] {
    return this.overConnection("localAddress", (connection) => Exit.succeed(connection.localAddress))
  }

  get remoteAddress(): RawDuct.RawDuct["remoteAddress"] {
    return this.overConnection("remoteAddress", (connection) => Exit.succeed(connection.remoteAddress))
  }
}

const zero = Exit.succeed(0)

const none: RawDuct.RecvFlags = {}

const noDescriptor = Exit.fail(new Unsupported({ operation: "fileno", problem: "this connection has no descriptor" }))

/** With `waitAll` a receive waits for all bytes, else for any; with `dontWait` not at all. */
const leastOf = (count: number, flags: RawDuct.RecvFlags): number =>
  flags.waitAll === true && flags.dontWait !== true ? count : Math.min(count, 1)

/** Parts of these sizes, as far as the bytes go. */
const takeSizes = (queue: ByteQueue, sizes: ReadonlyArray<number>): Array<Uint8Array> => {
  const parts: Array<Uint8Array> = []
  for (const size of sizes) {
    if (size > 0 && queue.size === 0) break
    parts.push(queue.take(size))
  }
  return parts
}
