/**
 * What transports over the system's own sockets have in common, whichever way they reach the system: the meaning of its
 * errors and of addresses and settings, and the memory of reads and writes. `NodeTransport` is made with it, and
 * `SocketTransport` of `@ductworks/sockets`.
 *
 * @since 0.1.0
 */
export {
  /**
   * The address, if a socket can connect to it, or why not. Nothing is asked of the system.
   *
   * @since 0.1.0
   * @category addresses
   */
  checkConnect,
  /**
   * The address, if a socket can listen at it, or why not. Nothing is asked of the system.
   *
   * @since 0.1.0
   * @category addresses
   */
  checkListen
} from "./internal/addresses.js"
export {
  /**
   * A socket of this host that was connected to itself, which is a refused connection.
   *
   * @since 0.1.0
   * @category errors
   */
  connectedToItself,
  /**
   * What a failed attempt to connect comes to: `cause` is an error with the system's `code`.
   *
   * @since 0.1.0
   * @category errors
   */
  connectFailed,
  /**
   * The attempt, interrupted after the time-out of the options with `ConnectFailed`, reason `TimedOut`.
   *
   * @since 0.1.0
   * @category connecting
   */
  inTime
} from "./internal/connectSocket.js"
export {
  /**
   * Calls a function when no more bytes were discarded for 100 ms and what was sent has arrived, or more than 64 MiB
   * were discarded. Gives what stops that.
   *
   * @since 0.1.0
   * @category closing
   */
  whenQuiet
} from "./internal/discard.js"
export {
  /**
   * `code` and `cause` as the fields of an error.
   *
   * @since 0.1.0
   * @category errors
   */
  details,
  /**
   * Whether accept(2) may say so without the listener being broken.
   *
   * @since 0.1.0
   * @category errors
   */
  isTransientAcceptError,
  /**
   * What broke the reading side off, by the `code` of its cause.
   *
   * @since 0.1.0
   * @category errors
   */
  readError,
  /**
   * Why a bind or a connect failed, by the `code` of its cause.
   *
   * @since 0.1.0
   * @category errors
   */
  reasonOf,
  /**
   * An error that says what the system would.
   *
   * @since 0.1.0
   * @category errors
   */
  withCode,
  /**
   * What broke the writing side off, by the `code` of its cause.
   *
   * @since 0.1.0
   * @category errors
   */
  writeError
} from "./internal/errno.js"
export {
  /**
   * The two addresses of a connection.
   *
   * @since 0.1.0
   * @category models
   */
  type Ends,
  /**
   * What a connection over a socket is made with: an object that thousands of connections can afford.
   *
   * @since 0.1.0
   * @category models
   */
  SocketInfo
} from "./internal/info.js"
export {
  /**
   * The writing side of a driver: a lone message leaves at once, what follows in the same turn is gathered.
   *
   * @since 0.1.0
   * @category models
   */
  Outflow
} from "./internal/outflow.js"
export {
  /**
   * Gives the effect a scope of its own within the caller's: what it acquired is released at once if it fails.
   *
   * @since 0.1.0
   * @category connecting
   */
  ownScope
} from "./internal/ownScope.js"
export {
  /**
   * A copy of the memory's first bytes that nothing else will write to, and that keeps little more than itself.
   *
   * @since 0.1.0
   * @category memory
   */
  copyOf
} from "./internal/receiveBuffer.js"
export {
  /**
   * How many connections the kernel queues.
   *
   * @since 0.1.0
   * @category settings
   */
  backlogOf,
  /**
   * The idle time before keep-alive probes; `undefined` where they were turned off.
   *
   * @since 0.1.0
   * @category settings
   */
  keepAliveSeconds,
  /**
   * How long a successful close may wait.
   *
   * @since 0.1.0
   * @category settings
   */
  lingerOf,
  /**
   * How many bytes are read before they are asked for.
   *
   * @since 0.1.0
   * @category settings
   */
  readAheadOf
} from "./internal/settings.js"
