/**
 * Typed messages between two processes: a raw duct, a framing and a serializer.
 *
 * @since 0.1.0
 */
import type { Address, RawDuct, Transport } from "@ductworks/core"
import type {
  ConnectError,
  DuctClosed,
  ListenError,
  NotConnected,
  RemoteDuctClosed,
  Unsupported
} from "@ductworks/core/DuctError"
import type * as Arr from "effect/Array"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Sink from "effect/Sink"
import type * as Stream from "effect/Stream"
import type { Framing } from "./Framing.js"
import * as internal from "./internal/messageDuct.js"
import type { RecvError, SendError } from "./MessageError.js"
import type { Serializer } from "./Serializer.js"

/**
 * One end of a message duct.
 *
 * Sends may be concurrent: frames never interleave, and a waiting receive never holds up a send. A second concurrent
 * receive fails with `DuctBusy` (receive in one fiber and fan out with `Stream.mapEffect`), unless a `recvLock` is given.
 *
 * An interrupted or timed-out receive loses nothing: the message, or what there is of it, is left for the next receive.
 * An interrupted send left whole or not at all.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageDuct<in Out, out In> {
  readonly localAddress: Effect.Effect<Address.Address, NotConnected>
  readonly remoteAddress: Effect.Effect<Address.Address, NotConnected>
  /** The connection's descriptor, never the listener's. */
  readonly fileno: Effect.Effect<number, NotConnected | DuctClosed | Unsupported>
  /**
   * Serializes the message and hands one whole frame to the connection; waits (up to the raw duct's time-out) while too
   * much is pending. A message that cannot be serialized, or is too large, sends nothing. What is filled into the
   * message afterwards does not change what was sent.
   *
   * A payload of 64 KiB or more that the serializer gives as bytes is lent, not copied (but with `Framing.lines`, and
   * framings made by hand): the send completes when it has left, so somebody has to receive meanwhile. One that is
   * interrupted then, or fails with `DuctTimeout` because it did not leave in time, leaves later, whole, and must not
   * change until `flush` completes.
   *
   * A peer that is gone may be noticed only by the next send or flush, unless the end was seen already. (TCP cannot tell
   * a peer that is gone from one that half-closed: there the first send after the end may still be taken.)
   */
  readonly send: (message: Out) => Effect.Effect<void, SendError>
  /**
   * Sends the messages in order, many to a system call; the iterable is drawn as they can be taken, so it may be endless.
   * At a message that fails to serialize the ones before it are sent.
   */
  readonly sendAll: (messages: Iterable<Out>) => Effect.Effect<void, SendError>
  /**
   * The next message, waiting as long as it takes for one to begin; once it has, `timeout` bounds the rest
   * (`DuctTimeout`; the next receive goes on with the same message). `RemoteDuctClosed` at the end, `MessageTruncated`
   * at an end inside a message. After `MessageProtocolError` or `MessageTooLarge` the duct is out of step for good: every
   * receive fails so. After `DeserializeError` it is not: the next receive gives the message after it.
   */
  readonly recv: Effect.Effect<In, RecvError>
  /** All messages that are here, waiting for at least one as `recv` does. */
  readonly recvAll: Effect.Effect<Arr.NonEmptyReadonlyArray<In>, RecvError>
  /**
   * Whether a whole message, or the end, is here, or comes within `timeout` (default 60 seconds; 0 does not wait,
   * infinity waits for ever): whether `recv` would not wait. Consumes nothing.
   */
  readonly poll: (timeout?: Duration.DurationInput) => Effect.Effect<boolean, RecvError>
  /** The messages up to a clean close. Those that it took and its consumer did not, go with it. */
  readonly stream: Stream.Stream<In, Exclude<RecvError, RemoteDuctClosed>>
  /** Sends what it gets, chunk-wise as `sendAll`. */
  readonly sink: Sink.Sink<void, Out, never, SendError>
  /** Completes when everything sent so far was handed to the kernel. */
  readonly flush: Effect.Effect<void, SendError>
  /** Half-close: the other end receives what was sent, then sees the end, and may still send. */
  readonly endWrite: Effect.Effect<void, SendError | Unsupported>
  /** As `RawDuct.close`. */
  readonly close: (options?: RawDuct.CloseOptions) => Effect.Effect<void>
}

/**
 * The end that listens; see `RawDuctParent`.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageDuctParent<in Out, out In>
  extends MessageDuct<Out, In>, Pick<RawDuct.RawDuctParent, "bindAddress" | "listenerAddress" | "bind" | "listen"> {}

/**
 * The end that connects; see `RawDuctChild`.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageDuctChild<in Out, out In>
  extends MessageDuct<Out, In>, Pick<RawDuct.RawDuctChild, "connectAddress" | "connect"> {}

/**
 * Anything that can be acquired and released: a semaphore, a lock file, a distributed lock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lock {
  /** Is not interrupted. What comes after its caller was interrupted is released at once. */
  readonly acquire: Effect.Effect<unknown>
  readonly release: Effect.Effect<unknown>
}

/**
 * The settings of one end of a message duct. Only the framing has to be the same at both ends.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  /** How messages are cut out of the byte stream. Default `Framing.ductworks`. Both ends must agree. */
  readonly framing?: Framing
  /**
   * The largest payload, in bytes, that is sent or accepted. Default: the serializer's (16 MiB; 64 MiB for bytes). The
   * framing's own limit applies too.
   */
  readonly maxMessageBytes?: number
  /** Bounds a message once it has begun, and each wait of a send. Default 30 seconds. */
  readonly timeout?: Duration.DurationInput
  /**
   * Held while a message is sent, until its bytes have left: an interrupted send waits for that too. Bytes that did not
   * leave within `timeout` are a `DuctTimeout`, and may leave after the lock was released.
   */
  readonly sendLock?: Lock
  /**
   * Taken once bytes are readable, and held while a message is received; what came with it is received without. Makes
   * concurrent receives legal: each gets messages of its own.
   */
  readonly recvLock?: Lock
}

/**
 * The format of both directions, or one for each.
 *
 * @since 0.1.0
 * @category models
 */
export type Format<Out, In, R = never> =
  | { readonly serializer: Serializer<Out, In, R> }
  | {
      readonly outbound: Pick<Serializer<Out, unknown, R>, "name" | "maxMessageBytes" | "encode">
      readonly inbound: Pick<Serializer<never, In, R>, "name" | "maxMessageBytes" | "decode">
    }

/**
 * Listens for a child and talks messages with it. No I/O before `bind` or `listen`; leaving the scope closes it for good.
 * The serializer's services are taken from the context here, once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parent: {
  <Out, In, R = never>(
    options: Omit<RawDuct.ParentOptions, "timeout"> & Settings & Format<Out, In, R>
  ): Effect.Effect<MessageDuctParent<Out, In>, never, Transport.Transport | Scope.Scope | R>
  (
    options?: Omit<RawDuct.ParentOptions, "timeout"> & Settings
  ): Effect.Effect<MessageDuctParent<unknown, unknown>, never, Transport.Transport | Scope.Scope>
} = internal.parent

/**
 * Connects to a parent and talks messages with it. No I/O before `connect`; leaving the scope closes it for good.
 *
 * @since 0.1.0
 * @category constructors
 */
export const child: {
  <Out, In, R = never>(
    options: Omit<RawDuct.ChildOptions, "timeout"> & Settings & Format<Out, In, R>
  ): Effect.Effect<MessageDuctChild<Out, In>, never, Transport.Transport | Scope.Scope | R>
  (
    options: Omit<RawDuct.ChildOptions, "timeout"> & Settings
  ): Effect.Effect<MessageDuctChild<unknown, unknown>, never, Transport.Transport | Scope.Scope>
} = internal.child

/**
 * The formats of a pair of which each end sends another one than it receives. Serializers as a whole, since what one end
 * writes is read by the other.
 *
 * @since 0.1.0
 * @category models
 */
export interface Crossed<Out, In, FarOut, FarIn, R = never> {
  /** What the first end sends, and the second receives. */
  readonly outbound: Serializer<Out, FarIn, R>
  /** What the first end receives, and the second sends. */
  readonly inbound: Serializer<FarOut, In, R>
}

/**
 * Two message ducts that are each other's ends: both with the same serializer, or with one for each direction, which are
 * `outbound` and `inbound` of the first.
 *
 * @example
 * import { MessageDuct } from "@ductworks/message"
 * import { NodeTransport } from "@ductworks/platform-node"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const [parent, child] = yield* MessageDuct.pair()
 *   yield* parent.send("hello!")
 *   yield* child.send(yield* child.recv)
 *   console.assert((yield* parent.recv) === "hello!")
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeTransport.layer)))
 *
 * @since 0.1.0
 * @category constructors
 */
export const pair: {
  <Out, In, R = never>(
    options: Transport.PairOptions & Settings & { readonly serializer: Serializer<Out, In, R> }
  ): Effect.Effect<
    readonly [MessageDuct<Out, In>, MessageDuct<Out, In>],
    ConnectError | ListenError,
    Transport.Transport | Scope.Scope | R
  >
  <Out, In, FarOut, FarIn, R = never>(
    options: Transport.PairOptions & Settings & Crossed<Out, In, FarOut, FarIn, R>
  ): Effect.Effect<
    readonly [MessageDuct<Out, In>, MessageDuct<FarOut, FarIn>],
    ConnectError | ListenError,
    Transport.Transport | Scope.Scope | R
  >
  (
    options?: Transport.PairOptions & Settings
  ): Effect.Effect<
    readonly [MessageDuct<unknown, unknown>, MessageDuct<unknown, unknown>],
    ConnectError | ListenError,
    Transport.Transport | Scope.Scope
  >
} = internal.pair

/**
 * A message duct over a raw one, which must not be received from otherwise.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromRaw: {
  <Out, In, R = never>(
    raw: RawDuct.RawDuct,
    options: Settings & Format<Out, In, R>
  ): Effect.Effect<MessageDuct<Out, In>, never, R>
  (raw: RawDuct.RawDuct, options?: Settings): Effect.Effect<MessageDuct<unknown, unknown>>
} = internal.fromRaw
