/**
 * @since 0.1.0
 */
export * as NodeChild from "./NodeChild.js"
export * as NodeDriver from "./NodeDriver.js"
export * as NodeSerializer from "./NodeSerializer.js"
export * as NodeTransport from "./NodeTransport.js"
export * as SocketKit from "./SocketKit.js"
export * as UnixListener from "./UnixListener.js"
