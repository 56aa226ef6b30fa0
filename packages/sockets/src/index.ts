/**
 * @since 0.1.0
 */
export * as Dispatcher from "./Dispatcher.js"
export * as NativeSockets from "./NativeSockets.js"
export * as PortableSockets from "./PortableSockets.js"
export * as Resolver from "./Resolver.js"
export * as Sock from "./Sock.js"
export * as SocketAddress from "./SocketAddress.js"
export * as SocketConstants from "./SocketConstants.js"
export * as SocketError from "./SocketError.js"
export * as SocketTransport from "./SocketTransport.js"
