/**
 * @since 0.1.0
 */
export * from "./checkMessageDuct.js"
export * from "./checkTransport.js"
export * as Conformance from "./Conformance.js"
export * as FaultyTransport from "./FaultyTransport.js"
export * as Interruption from "./Interruption.js"
export * as MemoryTransport from "./MemoryTransport.js"
