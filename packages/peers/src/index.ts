/**
 * @since 0.1.0
 */
export * as MetaSocket from "./MetaSocket.js"
export * as PeerError from "./PeerError.js"
export * as PeerFormat from "./PeerFormat.js"
export * as PeerInbox from "./PeerInbox.js"
export * as PeerOptions from "./PeerOptions.js"
export * as PeerProtocol from "./PeerProtocol.js"
export * as PeerSender from "./PeerSender.js"
export * as PeerSocket from "./PeerSocket.js"
export * as PeerStats from "./PeerStats.js"
export * as PeerTransport from "./PeerTransport.js"
