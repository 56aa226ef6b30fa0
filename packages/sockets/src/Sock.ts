/**
 * BSD sockets for fibers: the calls of shrapnel's and Python's socket objects, where an operation that would block
 * suspends its fiber. `NativeSockets.layer` provides them with everything the system has, `PortableSockets.layer` with
 * what Node's own sockets can do.
 *
 * @since 0.1.0
 */
import { type InvalidAddress, InvalidArgument, type Unsupported } from "@ductworks/core/DuctError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Sink from "effect/Sink"
import type * as Stream from "effect/Stream"
import type { AddressInput, SocketAddress } from "./SocketAddress.js"
import { AF, SOCK } from "./SocketConstants.js"
import type {
  AddressError,
  ArgumentError,
  EndOfFile,
  NameNotResolved,
  SocketClosed,
  SocketError,
  SocketFault
} from "./SocketError.js"

/**
 * Which kind of socket, or which descriptor.
 *
 * @since 0.1.0
 * @category models
 */
export interface SockOptions {
  /** Default `AF.INET`. */
  readonly domain?: number
  /** Default `SOCK.STREAM`. */
  readonly type?: number
  /** Default 0: the one of the domain and type. */
  readonly protocol?: number
  /**
   * A descriptor to own from here on; default -1: a new one. Its domain and type are its own: the others count only where
   * the system does not tell them.
   */
  readonly fd?: number
}

/**
 * How much to receive into a buffer, and the flags of `recv(2)` (`MSG.PEEK` …).
 *
 * @since 0.1.0
 * @category models
 */
export interface RecvIntoOptions {
  /** Bytes at most; default, and 0: the buffer's length. */
  readonly nbytes?: number
  readonly flags?: number
}

/**
 * Who is at the other end of a Unix socket, as of when it connected.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

/**
 * A datagram or a piece of a stream, and the descriptors that came with it. They are close-on-exec and owned by the
 * scope, which closes those that no `fdSock`, and no duct of `SocketTransport`, of this thread has taken over by then. Those
 * of a thread that ends before its scope does (`worker.terminate`) are closed with it, but for those that any has.
 *
 * @since 0.1.0
 * @category models
 */
export interface Received {
  readonly data: Uint8Array
  readonly fds: ReadonlyArray<number>
  /** Descriptors beyond the bound came; the system closed them. */
  readonly truncated: boolean
}

/**
 * How `makefile` buffers: bytes of text lines or pieces of bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface File<out A, in B> {
  /** What arrives, until the end of the stream. */
  readonly stream: Stream.Stream<A, ArgumentError>
  /** Sends what it gets, and what was held back when it ends. */
  readonly sink: Sink.Sink<void, B, never, ArgumentError>
}

/**
 * What the kernel knows of a TCP connection (`TCP_INFO`), as far as its version has it. Times are in microseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface TcpInfo {
  readonly state: number
  readonly retransmits: number
  readonly rtt: number
  readonly rttVariance: number
  readonly sendMss: number
  readonly receiveMss: number
  readonly congestionWindow: number
  readonly totalRetransmits: number
}

/**
 * A socket. Its scope closes it. At most one fiber waits in each direction: another fails with `SocketBusy`. On a closed
 * socket everything fails with `SocketClosed`, also what was waiting. An interrupted operation that only waited took and
 * sent nothing; one in several steps (`recvExact`, `send` of much) may have done part, as each says.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sock {
  readonly domain: number
  readonly type: number
  /** -1 once closed, and where there is none. */
  readonly fd: number
  /** What `fd` was; stays after closing. */
  readonly origFd: number
  readonly fileno: Effect.Effect<number>
  /** {@link fileno}. */
  readonly getFileno: Effect.Effect<number>

  // --- naming and connecting
  readonly bind: (address: AddressInput) => Effect.Effect<void, AddressError>
  /**
   * Connects, resolving a name first (see `Resolver`); the addresses of a name are tried in order. A full queue of a Unix
   * listener is a `SocketFault` `"EAGAIN"`; a TCP socket that got connected to itself is closed and refused. Interrupted,
   * the system may still connect: close the socket.
   */
  readonly connect: (address: AddressInput) => Effect.Effect<void, AddressError | NameNotResolved>
  /** Like {@link connect}; without `resolve` (the default) what is no IP address fails with `InvalidAddress`. */
  readonly connectAddr: (
    address: AddressInput,
    options?: { readonly resolve?: boolean }
  ) => Effect.Effect<void, AddressError | NameNotResolved>
  /**
   * Lets others connect. Portably the address is bound only now, so that this tells what is wrong with it.
   *
   * @param backlog connections the kernel queues; default 128
   */
  readonly listen: (backlog?: number) => Effect.Effect<void, AddressError>
  /**
   * Waits for a connection, which the scope then owns. Interruption loses none. Connections that were lost before are
   * skipped. With no descriptor or memory left it tries again every 100 ms.
   */
  readonly accept: Effect.Effect<readonly [Sock, SocketAddress], SocketError, Scope.Scope>
  /**
   * Waits for one, then takes what is there; at most `max`, 0 is all (up to 1,024 a call). It keeps what it has when a
   * later one fails.
   */
  readonly acceptMany: (
    max?: number
  ) => Effect.Effect<ReadonlyArray<readonly [Sock, SocketAddress]>, ArgumentError, Scope.Scope>
  /** {@link accept} without waiting: none where it would wait, also when the connection that was there is gone again. */
  readonly acceptNow: Effect.Effect<Option.Option<readonly [Sock, SocketAddress]>, SocketError, Scope.Scope>
  readonly getsockname: Effect.Effect<SocketAddress, SocketError>
  readonly getpeername: Effect.Effect<SocketAddress, SocketError>

  // --- options
  readonly getsockopt: {
    (level: number, name: number): Effect.Effect<number, ArgumentError>
    (level: number, name: number, bufferLength: 0): Effect.Effect<number, ArgumentError>
    (level: number, name: number, bufferLength: number): Effect.Effect<Uint8Array, ArgumentError>
  }
  readonly setsockopt: (level: number, name: number, value: number | Uint8Array) => Effect.Effect<void, ArgumentError>
  readonly setReuseAddr: Effect.Effect<void, SocketError>

  // --- receiving
  /**
   * At most `count` bytes, at least one; none at the end of the stream. With `MSG.DONTWAIT`, here and in the others that
   * take flags, on every system: what would wait fails with a `SocketFault` of the code `"EAGAIN"` instead.
   */
  readonly recv: (count: number, flags?: number) => Effect.Effect<Uint8Array, ArgumentError>
  /** {@link recv}. */
  readonly read: (count: number) => Effect.Effect<Uint8Array, ArgumentError>
  /**
   * Exactly `count` bytes; at the end of the stream `EndOfFile` with those that came. Interrupted, it keeps what arrived
   * for the next receive of this socket, of whichever kind.
   */
  readonly recvExact: (count: number) => Effect.Effect<Uint8Array, ArgumentError | EndOfFile>
  readonly recvInto: (buffer: Uint8Array, options?: RecvIntoOptions) => Effect.Effect<number, ArgumentError>
  /**
   * Fills the whole buffer; its length. The buffer is lent meanwhile: interrupted, what arrived is kept for the next
   * receive of this socket as it is in the buffer when the fiber has ended.
   */
  readonly recvExactInto: (buffer: Uint8Array) => Effect.Effect<number, ArgumentError | EndOfFile>
  readonly recvfrom: (
    count: number,
    flags?: number
  ) => Effect.Effect<readonly [data: Uint8Array, from: SocketAddress], ArgumentError>
  readonly recvfromInto: (
    buffer: Uint8Array,
    options?: RecvIntoOptions
  ) => Effect.Effect<readonly [count: number, from: SocketAddress], ArgumentError>
  /**
   * Waits for a datagram, then takes those that are there, each into a buffer of its own, at most as many as there are
   * buffers: in order, each as {@link recvfromInto} gives it, so that what its buffer has no room for is lost. Interruption
   * loses none, and an error after the first is told by the next receive, or wait for one. The buffers are lent meanwhile.
   * Of `SOCK_SEQPACKET`, which ends with an empty one, none is taken after such a one. `InvalidArgument` for no buffers,
   * one without room, and sockets of streams.
   *
   * @example
   * import { NativeSockets } from "@ductworks/sockets"
   * import { udpSock } from "@ductworks/sockets/Sock"
   * import { Effect } from "effect"
   *
   * const program = Effect.gen(function* () {
   *   const here = yield* udpSock
   *   yield* here.bind(["127.0.0.1", 0])
   *   const datagrams = ["a", "few", "datagrams"].map((text) => new TextEncoder().encode(text))
   *   const sent = yield* here.sendmmsg(datagrams, yield* here.getsockname)
   *   const buffers = Array.from({ length: 10 }, () => new Uint8Array(1500))
   *   const received = yield* here.recvmmsg(buffers)
   *   console.assert(sent === 3 && received.map(([count]) => count).join() === "1,3,9")
   * })
   *
   * Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NativeSockets.layer)))
   */
  readonly recvmmsg: (
    buffers: ReadonlyArray<Uint8Array>
  ) => Effect.Effect<ReadonlyArray<readonly [count: number, from: SocketAddress]>, ArgumentError>
  /**
   * Fills buffers of these sizes, in order; at the end of the stream the complete ones and the last partial one. They are
   * parts of one memory. Interrupted, it keeps what arrived, as {@link recvExact}.
   */
  readonly readv: (sizes: ReadonlyArray<number>) => Effect.Effect<Array<Uint8Array>, ArgumentError>

  // --- sending
  /**
   * All bytes; how many. The memory is lent meanwhile. Interrupted while it waits, it may have sent a part. With
   * `MSG.DONTWAIT` one call, which may send less, or fails with `"EAGAIN"`.
   */
  readonly send: (data: Uint8Array, flags?: number) => Effect.Effect<number, ArgumentError>
  /** {@link send}. */
  readonly sendall: (data: Uint8Array) => Effect.Effect<number, ArgumentError>
  /** {@link send}. */
  readonly write: (data: Uint8Array) => Effect.Effect<number, ArgumentError>
  /** All pieces, in order, as {@link send}; the total. As a datagram they are one, be it an empty one. */
  readonly writev: (pieces: ReadonlyArray<Uint8Array>) => Effect.Effect<number, ArgumentError>
  /** One call, which on a stream may send less than all. */
  readonly sendto: (data: Uint8Array, address: AddressInput, flags?: number) => Effect.Effect<number, AddressError>
  /**
   * Each piece as a datagram of its own, empty ones too, in order, to the address or to where the socket is connected; how
   * many. Completes when all have left: natively up to 64 by one call of the system. The array and its memory are lent
   * meanwhile. A `SocketFault` tells in `sent` how many had left before the datagram that failed; none after that one has.
   * Interrupted or closed while it waits, it may have sent some. Natively nobody sends between them: who tries while it
   * waits fails with `SocketBusy`. On Node's sockets other fibers' datagrams may come between. What the network says of an
   * earlier datagram (`"ECONNREFUSED"`) may go untold here, as sendmmsg(2) warns, until a later operation meets it again.
   * `InvalidArgument` on sockets of streams.
   */
  readonly sendmmsg: (
    datagrams: ReadonlyArray<Uint8Array>,
    address?: AddressInput
  ) => Effect.Effect<number, AddressError>

  // --- readiness and ending
  /**
   * Waits until something can be read, and says how many bytes: 0 at the end of the stream, after an error, which the next
   * receive tells, and on a listener that has a connection.
   */
  readonly waitForRead: Effect.Effect<number, SocketError>
  /** Waits until something can be written, and says how many bytes would fit the system's buffer. */
  readonly waitForWrite: Effect.Effect<number, SocketError>
  /**
   * Ends a direction. Of datagrams, too, who receives is told by an empty one, natively also with `MSG.DONTWAIT`.
   *
   * @param how `SHUT.RD`, `SHUT.WR` or `SHUT.RDWR`
   */
  readonly shutdown: (how: number) => Effect.Effect<void, ArgumentError>
  /** Wakes who waits. Idempotent. */
  readonly close: Effect.Effect<void>
  /** Another socket over the same open file: same domain and type, its own descriptor. */
  readonly dup: Effect.Effect<Sock, SocketError, Scope.Scope>
  /**
   * Streams and sinks over a {@link dup}. Modes as `open`'s: `"rb"`, `"wb"`, `"rwb"` give bytes, those without `b` lines of
   * text. What an interrupted receive of this socket has left comes first, while it is open.
   *
   * @param bufferSize what a sink holds back: 0 nothing, 1 a line that has not ended (up to 8 KiB), more than 1 less than
   * so many bytes; default -1: less than 8 KiB
   */
  readonly makefile: {
    (mode?: "r" | "w" | "rw", bufferSize?: number): Effect.Effect<File<string, string>, ArgumentError, Scope.Scope>
    (
      mode: "rb" | "wb" | "rwb",
      bufferSize?: number
    ): Effect.Effect<File<Uint8Array, Uint8Array>, ArgumentError, Scope.Scope>
  }

  // --- what only some systems have
  /** Sends data (at least one byte) and up to 253 descriptors with it, which stay the caller's, too. */
  readonly sendFds: (data: Uint8Array, fds: ReadonlyArray<number>) => Effect.Effect<number, ArgumentError>
  /** @param maxFds descriptors to take at most; default 16 */
  readonly recvFds: (count: number, maxFds?: number) => Effect.Effect<Received, ArgumentError, Scope.Scope>
  readonly peerCredentials: Effect.Effect<Credentials, SocketError>
  /** Joins a multicast group, on the interface of that name or one of the system's choice. */
  readonly joinGroup: (group: string, interfaceName?: string) => Effect.Effect<void, AddressError>
  readonly leaveGroup: (group: string, interfaceName?: string) => Effect.Effect<void, AddressError>
  readonly tcpInfo: Effect.Effect<TcpInfo, SocketError>
  /**
   * One call that the kernel cuts into datagrams of `segment` bytes each (UDP_SEGMENT), the last maybe shorter.
   * `InvalidArgument` on sockets that are not UDP's.
   */
  readonly sendSegments: (
    data: Uint8Array,
    segment: number,
    address?: AddressInput
  ) => Effect.Effect<number, AddressError>
  /** One or, once `setsockopt(SOL.UDP, UDP.GRO, 1)` was set, several datagrams of `segment` bytes each, joined. */
  readonly recvSegments: (
    buffer: Uint8Array
  ) => Effect.Effect<{ readonly count: number; readonly segment: number; readonly from: SocketAddress }, ArgumentError>
}

/**
 * What a system of sockets can do. Every socket belongs to the scope it is made in.
 *
 * @since 0.1.0
 * @category models
 */
export interface SocketsService {
  readonly sock: (options?: SockOptions) => Effect.Effect<Sock, ArgumentError, Scope.Scope>
  readonly socketpair: (
    domain?: number,
    type?: number,
    protocol?: number
  ) => Effect.Effect<readonly [Sock, Sock], ArgumentError, Scope.Scope>
  readonly hasIpv6: Effect.Effect<boolean>
  /** Sockets whose scope is still open, closed ones included. */
  readonly liveSockets: Effect.Effect<number>
}

/**
 * The tag of the sockets in a context.
 *
 * @since 0.1.0
 * @category tags
 */
export class Sockets extends Context.Tag("@ductworks/sockets/Sockets")<Sockets, SocketsService>() {}

/**
 * What making a socket may fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type OpenError = SocketFault | SocketClosed | InvalidArgument | InvalidAddress | Unsupported

/**
 * A socket of the context's {@link Sockets}, closed with the scope.
 *
 * @example
 * import { NativeSockets } from "@ductworks/sockets"
 * import { sock } from "@ductworks/sockets/Sock"
 * import { AF, SOCK } from "@ductworks/sockets/SocketConstants"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const here = yield* sock({ domain: AF.INET, type: SOCK.DGRAM })
 *   yield* here.bind(["127.0.0.1", 0])
 *   yield* here.sendto(new TextEncoder().encode("to myself"), yield* here.getsockname)
 *   const [data, from] = yield* here.recvfrom(1500)
 *   console.assert(data.length === 9 && from._tag === "InetAddress")
 * })
 *
 * Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NativeSockets.layer)))
 *
 * @since 0.1.0
 * @category constructors
 */
export const sock = (options?: SockOptions): Effect.Effect<Sock, ArgumentError, Sockets | Scope.Scope> =>
  Effect.flatMap(Sockets, (sockets) => sockets.sock(options))

/**
 * A TCP socket for IPv4.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tcpSock: Effect.Effect<Sock, ArgumentError, Sockets | Scope.Scope> = sock()

/**
 * A TCP socket for IPv6.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tcp6Sock: Effect.Effect<Sock, ArgumentError, Sockets | Scope.Scope> = sock({ domain: AF.INET6 })

/**
 * A UDP socket for IPv4.
 *
 * @since 0.1.0
 * @category constructors
 */
export const udpSock: Effect.Effect<Sock, ArgumentError, Sockets | Scope.Scope> = sock({ type: SOCK.DGRAM })

/**
 * A UDP socket for IPv6.
 *
 * @since 0.1.0
 * @category constructors
 */
export const udp6Sock: Effect.Effect<Sock, ArgumentError, Sockets | Scope.Scope> = sock({
  domain: AF.INET6,
  type: SOCK.DGRAM
})

/**
 * A stream socket of the Unix domain.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unixSock: Effect.Effect<Sock, ArgumentError, Sockets | Scope.Scope> = sock({ domain: AF.UNIX })

/**
 * Two sockets that are connected to each other; by default Unix streams.
 *
 * @example
 * import { NativeSockets } from "@ductworks/sockets"
 * import { socketpair } from "@ductworks/sockets/Sock"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const [one, two] = yield* socketpair()
 *   yield* one.writev([new Uint8Array(3), new Uint8Array(4)])
 *   const pieces = yield* two.readv([5, 2])
 *   console.assert(pieces.map(({ length }) => length).join() === "5,2")
 * })
 *
 * Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NativeSockets.layer)))
 *
 * @since 0.1.0
 * @category constructors
 */
export const socketpair = (
  domain?: number,
  type?: number,
  protocol?: number
): Effect.Effect<readonly [Sock, Sock], ArgumentError, Sockets | Scope.Scope> =>
  Effect.flatMap(Sockets, (sockets) => sockets.socketpair(domain, type, protocol))

/**
 * A socket over a descriptor: of a socket, a pipe, a terminal or anything else that can be polled. It owns the descriptor
 * from here on and closes it once; one that something else of this library owns fails with `"EBUSY"`, what cannot be
 * polled, such as a file, with `"EPERM"`. The descriptor becomes non-blocking for everybody who shares it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fdSock = (fd: number): Effect.Effect<Sock, ArgumentError, Sockets | Scope.Scope> =>
  // -1, or none, asks `sock` for a new one.
  fd >= 0 ? sock({ fd }) : new InvalidArgument({ operation: "fdSock", problem: `${fd} is no descriptor` })

/**
 * {@link fdSock} of the descriptor of something that has one, which must not close it any more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fileSock = (file: { readonly fd: number }): Effect.Effect<Sock, ArgumentError, Sockets | Scope.Scope> =>
  fdSock(file.fd)

/**
 * Whether this system can make IPv6 sockets: it tries to.
 *
 * @since 0.1.0
 * @category getters
 */
export const hasIpv6: Effect.Effect<boolean, never, Sockets> = Effect.flatMap(Sockets, (sockets) => sockets.hasIpv6)

/**
 * How many sockets of this layer have a scope that is still open, closed ones included.
 *
 * @since 0.1.0
 * @category getters
 */
export const getLiveSockets: Effect.Effect<number, never, Sockets> = Effect.flatMap(
  Sockets,
  (sockets) => sockets.liveSockets
)
