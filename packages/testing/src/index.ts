/**
 * @since 0.1.0
 */
export * as MemoryTransport from "./MemoryTransport.js"
