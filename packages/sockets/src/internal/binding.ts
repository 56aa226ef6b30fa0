/**
 * The native addon, as `binding/` builds it: system calls that never block, and one poll handle a descriptor. Every
 * function that gives a number gives a count, a handle or a length, or a negative `errno`; `-EINVAL` for arguments that
 * are none. A `Handle` names an open socket of this thread, and none once it is closed, also when its slot is used again.
 */

/** A positive integer. */
export type Handle = number

/**
 * In the place of a time to spin, of streams: whoever shares the core has it (sched_yield(2)), and if somebody took it, who
 * may have been the peer, the call is tried again; so a receive that found nothing goes on until its memory is full, and a
 * send until all has left, as long as each turn moves something, and for 4 ms, after which the event loop has its turn.
 * Not while what took too long, in this thread, is not made up for. What a receive met after a part is the next one's.
 */
export const giveWay = -1

/**
 * In the place of a time to spin, of a receive: the same, and before the first try where that was in vain lately. Once for
 * whatever was sent, and once more where somebody had the core for less than 1 ms and nothing came of it; only while the last
 * two events of this thread were the descriptor's own, and for 4 ms at a time, after which the event loop has its turn.
 */
export const expectAnswer = -2

/**
 * Who sent so many bytes at once is likely in the midst of more: a third of what Linux keeps for a reader by default. The
 * addon goes by as many (`MUCH_BYTES`).
 */
export const much = 64 * 1024

/** As how many operations more a call counts that moved so many bytes: for each that Linux keeps by default, once more. */
export const furtherOperations = (bytes: number): number => Math.floor(bytes / (208 * 1024))

/** Datagrams that one call sends or receives at most. */
export const mostDatagrams = 64

/** Memory for one `sockaddr_storage`, in the system's own layout. */
export type RawAddress = Uint8Array

/**
 * What became ready: 1 read, 2 write, 3 both (also for an error, which the next call on the socket tells). It may say what
 * is waited for from now on, as `wait` does, where that fired or was waited for; a `wait` that is called later counts.
 */
export type OnReady = (handle: Handle, events: number) => number | undefined | void

/** Room for what a call says besides its number. One a thread; each call overwrites it. */
export interface Results extends Int32Array {
  /** Length of the address written by `accept`, `recvfrom`, `recvmsg`. */
  readonly 0: number
  /** `msg_flags` of `recvmsg` (MSG_TRUNC, MSG_CTRUNC). */
  readonly 1: number
  /** Segment size told by UDP_GRO, or 0. */
  readonly 2: number
  /** How many descriptors `recvmsg` wrote. */
  readonly 3: number
}

export interface Binding {
  // --- the life of a descriptor; all are non-blocking and close-on-exec
  readonly socket: (domain: number, type: number, protocol: number) => number
  /** Owns the descriptor from here on. `-EBADF`, `-EPERM` (not pollable), `-EBUSY` (owned by a handle of this process already). */
  readonly adopt: (fd: number) => number
  /** Two handles into `out[0]` and `out[1]`. */
  readonly socketpair: (domain: number, type: number, protocol: number, out: Int32Array) => number
  readonly dup: (handle: Handle) => number
  /** Stops polling, closes the descriptor, frees the handle. Does not wake who waits: that is the caller's to do. */
  readonly close: (handle: Handle) => number
  readonly fileno: (handle: Handle) => number
  /** Closes a descriptor that was received and that no handle owns. */
  readonly closeFd: (fd: number) => number
  /** Open handles of this thread. */
  readonly live: () => number

  // --- addresses
  /** IPv4 or IPv6 by `domain`; an empty text is any address. IPv6 may end in `%zone`. The length, `-EINVAL` for no address. */
  readonly encodeInet: (domain: number, ip: string, port: number, out: RawAddress) => number
  /** The path's bytes, without a final NUL; a first byte of 0 makes an abstract name of exactly that length. */
  readonly encodeUnix: (path: Uint8Array, out: RawAddress) => number
  /**
   * The address in `raw[0..length)`: a Unix path's bytes; or the ip as text, then port; `undefined` for other families, and
   * for length 0, which is a socket that nobody named.
   */
  readonly decode: (raw: RawAddress, length: number) => Uint8Array | readonly [ip: string, port: number] | undefined

  // --- the calls of the same names
  readonly bind: (handle: Handle, address: RawAddress, length: number) => number
  /** 0, or `-EINPROGRESS`. */
  readonly connect: (handle: Handle, address: RawAddress, length: number) => number
  readonly listen: (handle: Handle, backlog: number) => number
  /** A handle; the address's length is `results[0]`. `-EINVAL` of what does not listen, or was shut down by whoever shares it. */
  readonly accept: (handle: Handle, from: RawAddress) => number
  readonly shutdown: (handle: Handle, how: number) => number
  readonly getsockname: (handle: Handle, out: RawAddress) => number
  readonly getpeername: (handle: Handle, out: RawAddress) => number
  /** Bytes written to `out`; at most its length. */
  readonly getsockopt: (handle: Handle, level: number, name: number, out: Uint8Array) => number
  readonly setsockopt: (handle: Handle, level: number, name: number, value: Uint8Array) => number
  /** `FIONREAD`. */
  readonly readable: (handle: Handle) => number
  /** `SIOCOUTQ`: what the system still holds for sending; of TCP, until the other end's system has acknowledged it. */
  readonly unsent: (handle: Handle) => number
  /** `SO_SNDBUF` less that. */
  readonly writable: (handle: Handle) => number

  // --- bytes; offset and length are checked against the view as it is now. All use MSG_DONTWAIT, sends MSG_NOSIGNAL;
  // -EOPNOTSUPP for MSG_ZEROCOPY, -ENOTSOCK for flags on descriptors that are no sockets.
  /**
   * On descriptors that are no sockets: `read(2)`. Tries for `patience` microseconds (0: once; or {@link giveWay}, without
   * flags, or {@link expectAnswer}) before it says `-EAGAIN`; so does `send`.
   */
  readonly recv: (
    handle: Handle,
    into: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    patience: number
  ) => number
  /** On descriptors that are no sockets: `write(2)`. */
  readonly send: (
    handle: Handle,
    from: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    patience: number
  ) => number
  /**
   * The pieces from `first` on, the first of them from `offset` on, as many as `IOV_MAX` takes; passes over empty ones.
   * Does not spin, and gives way once.
   */
  readonly sendv: (
    handle: Handle,
    pieces: ReadonlyArray<Uint8Array>,
    first: number,
    offset: number,
    patience: 0 | typeof giveWay
  ) => number
  /** Into the pieces from `first` on, the first of them from `offset` on. */
  readonly recvv: (handle: Handle, pieces: ReadonlyArray<Uint8Array>, first: number, offset: number) => number
  readonly recvfrom: (
    handle: Handle,
    into: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    from: RawAddress
  ) => number
  readonly sendto: (
    handle: Handle,
    data: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    to: RawAddress,
    toLength: number
  ) => number
  /**
   * The pieces from `first` on (`-EINVAL` if there is none), each a datagram, empty ones too; how many left, of up to
   * {@link mostDatagrams}: less where one fails, whose error is told by the next call, if it fails again.
   */
  readonly sendmmsg: (
    handle: Handle,
    datagrams: ReadonlyArray<Uint8Array>,
    first: number,
    to: RawAddress,
    toLength: number
  ) => number
  /**
   * As many datagrams as are here, each into a buffer of its own from `first` on, which all have room: at most `most`, and
   * {@link mostDatagrams}; how many. Less is what was here, or what was before an error, which the next receive tells. Of
   * each, `told` has two numbers: how many bytes, and the length of its address, which is as many `sockaddr_storage` into
   * `from` as it comes after others; or -1 where the address is that of the one before.
   */
  readonly recvmmsg: (
    handle: Handle,
    buffers: ReadonlyArray<Uint8Array>,
    first: number,
    most: number,
    told: Int32Array,
    from: Uint8Array
  ) => number
  /** With `fds.length` descriptors (SCM_RIGHTS), and cut into `segment` bytes each (UDP_SEGMENT) unless that is 0. `toLength` 0: connected. */
  readonly sendmsg: (
    handle: Handle,
    data: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    to: RawAddress,
    toLength: number,
    fds: Int32Array,
    segment: number
  ) => number
  /** At most `fds.length` descriptors (close-on-exec; those beyond are closed); see `results`. */
  readonly recvmsg: (
    handle: Handle,
    into: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    from: RawAddress,
    fds: Int32Array
  ) => number
  /** `ucred` of the other end of a Unix socket into `out[0..2]`: pid, uid, gid. */
  readonly peerCredentials: (handle: Handle, out: Int32Array) => number
  /** IGMP/MLD membership by address; `zone` 0 lets the system choose the interface. */
  readonly membership: (handle: Handle, join: boolean, group: RawAddress, length: number, zone: number) => number
  /** 0 if there is none. */
  readonly interfaceIndex: (name: string) => number

  // --- readiness
  /**
   * Who waits for what: 1 read, 2 write, 3 both, 0 nobody. Keeps the event loop alive exactly while it is not 0. What
   * became ready is no longer waited for. `-EBADF`, `-EPERM`, `-EEXIST` (something else of this thread polls it).
   */
  readonly wait: (handle: Handle, interest: number) => number
  /** The one function that is called when something is ready. */
  readonly onReady: (callback: OnReady) => void
  readonly results: Results

  /** From the headers it was compiled with: `AF.INET` …; -1 for what this system lacks. Sizes: `sizeof(sockaddr_storage)` … */
  readonly constants: {
    readonly [
      Group in "AF" | "SOCK" | "SHUT" | "SOL" | "SO" | "IPPROTO" | "IP" | "IPV6" | "TCP" | "UDP" | "MSG" | "SIZE"
    ]: {
      readonly [name: string]: number
    }
  }
}
