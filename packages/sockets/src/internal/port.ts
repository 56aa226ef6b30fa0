/**
 * What a socket can do without waiting, whichever way it is made: over the native binding, or over node:net and
 * node:dgram. `Sock` is written once over it. Counts, or a negative errno as `os.constants.errno` has it. A portable port
 * (one without `native`) says `-EOPNOTSUPP` for what Node cannot do, which `Sock` tells as `unsupported(operation)`.
 */
import type { InvalidAddress, Unsupported } from "@ductworks/core/DuctError"
import type * as Effect from "effect/Effect"
import type { SocketAddress } from "../SocketAddress.js"
import type { SocketClosed, SocketFault } from "../SocketError.js"

export type Direction = "read" | "write"

/** Why there may be something to receive where nothing is: the sender is in the midst of much, or was asked. */
export type Hope = "more" | "an answer"

type Step<A = void> = Effect.Effect<A, SocketFault | SocketClosed | Unsupported>

/** With an address that the system may not take. */
type AddressStep<A = void> = Effect.Effect<A, SocketFault | SocketClosed | InvalidAddress | Unsupported>

/** A datagram that was received: its length in its buffer, and where it is from. */
export type Origin = readonly [count: number, from: SocketAddress]

export interface Port {
  readonly domain: number
  readonly type: number
  readonly origFd: number
  /** -1 once closed, or where there is none. */
  readonly fileno: () => number

  /** Calls `wake` once when the direction may be ready, or is closed; replaces the one before; `undefined` waits no more. */
  readonly watch: (direction: Direction, wake: (() => void) | undefined) => number
  /** Wakes who waits. Idempotent. */
  readonly close: () => void

  // --- naming; may take time on the portable one
  readonly bind: (address: SocketAddress) => AddressStep
  /** The address is numeric (or a path). A number: 0, `-EINPROGRESS` …; an Effect completes when the connection stands. */
  readonly connect: (address: SocketAddress) => AddressStep | number
  readonly listen: (backlog: number) => AddressStep
  readonly localAddress: () => Step<SocketAddress>
  readonly remoteAddress: () => Step<SocketAddress>
  readonly shutdown: (how: number) => Step
  /** A port, whose peer is `sender()`; or -EAGAIN … */
  readonly accept: () => Port | number

  // --- bytes; in the midst of much, and for an answer, the other end may have the core, where it shares that, before
  // there is nothing; of much, a call may then move what comes in several of its turns
  readonly recv: (into: Uint8Array, offset: number, length: number, flags: number, hope?: Hope) => number
  readonly recvfrom: (into: Uint8Array, offset: number, length: number, flags: number) => number
  /** Of what the last `recvfrom`, `recvmsg` or `accept` gave. */
  readonly sender: () => SocketAddress
  readonly send: (from: Uint8Array, offset: number, length: number, flags: number, mayGiveWay?: boolean) => number
  /** The pieces from `first` on, the first of them from `offset` on. */
  readonly sendv: (pieces: ReadonlyArray<Uint8Array>, first: number, offset: number) => number
  /** How datagrams go to the peer of a connected socket where `send` could not say at once whether they went. */
  readonly sendDatagram?: (
    operation: string,
    data: Uint8Array,
    flags: number
  ) => Effect.Effect<number, SocketFault | SocketClosed> | number
  /** Without an address to the peer. */
  readonly sendto: (data: Uint8Array, flags: number, address: SocketAddress | undefined) => AddressStep<number> | number
  /** How many of the datagrams from `first` on left, before one that fails; absent where that is only known later. */
  readonly sendmmsg?: (
    datagrams: ReadonlyArray<Uint8Array>,
    first: number,
    address: SocketAddress | undefined
  ) => number | InvalidAddress
  /** Adds the datagrams that are here, each in a buffer of its own; 0, or what it met after them, or instead. */
  readonly recvmmsg?: (buffers: ReadonlyArray<Uint8Array>, received: Array<Origin>) => number

  // --- options; integers are 4 bytes in the machine's order
  /** Bytes written to `out`. */
  readonly getsockopt: (level: number, name: number, out: Uint8Array) => number
  readonly setsockopt: (level: number, name: number, value: Uint8Array) => number
  /** Bytes that are here; portably those that are buffered. */
  readonly readable: () => number
  /** Bytes that would be taken now. */
  readonly writable: () => number
  readonly membership: (join: boolean, group: SocketAddress, interfaceName: string | undefined) => AddressStep

  /** What Node's own sockets cannot do; `undefined` on the portable one. */
  readonly native: NativePort | undefined
}

export interface NativePort {
  readonly dup: () => Port | number
  readonly sendmsg: (
    data: Uint8Array,
    flags: number,
    to: SocketAddress | undefined,
    fds: Int32Array,
    segment: number
  ) => AddressStep<number> | number
  /** See `truncated`, `segment` and `count` of descriptors in what it gives besides. */
  readonly recvmsg: (into: Uint8Array, flags: number, fds: Int32Array) => number
  readonly received: () => { readonly flags: number; readonly segment: number; readonly descriptors: number }
  readonly peerCredentials: (out: Int32Array) => number
}

/** Where ports come from; negative numbers as a port's. */
export interface Ports {
  /** Whether `-EOPNOTSUPP` is the system's own, and not what Node cannot do. */
  readonly isNative: boolean
  readonly open: (domain: number, type: number, protocol: number) => Port | number
  /** Over a descriptor, which it owns from here on. Domain and type as they are told, or as the system knows them. */
  readonly adopt: (fd: number, domain: number | undefined, type: number | undefined) => Port | number
  readonly pair: (domain: number, type: number, protocol: number) => readonly [Port, Port] | number
  /** Closes a descriptor that came over a socket, unless a port owns it. */
  readonly closeFd: (fd: number) => void
}
