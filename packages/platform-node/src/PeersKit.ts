/**
 * What transports of peers over the system's own sockets have in common, whichever way they reach the system.
 * `NodePeers.makeUdp` is made with it, and `SocketPeers.makeUdp` of `@ductworks/sockets`. Needs `@ductworks/peers`.
 *
 * @since 0.1.0
 */
export {
  /**
   * An address and a port in text form, `udp://[::1]:4000` for example: the endpoint and the id of a peer.
   *
   * @since 0.1.0
   * @category conversions
   */
  formatUdp
} from "./internal/peers/udpAddress.js"
export {
  /**
   * Whether the socket is to share its port (`SO_REUSEADDR`).
   *
   * @since 0.1.0
   * @category settings
   */
  sharesPort
} from "./internal/peers/udpOptions.js"
export {
  /**
   * Peers over the socket that a function binds to a numeric address, and which the scope closes. What is wrong with the
   * options, or with the host, is told before that is called; what it fails with is the cause of a `BindFailed`.
   *
   * @since 0.1.0
   * @category constructors
   */
  makeUdpPeers,
  /**
   * A bound socket of datagrams, and what it makes of an address.
   *
   * @since 0.1.0
   * @category models
   */
  type UdpCarrier
} from "./internal/peers/udpPeers.js"
