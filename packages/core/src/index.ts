/**
 * @since 0.1.0
 */
export * as Address from "./Address.js"
export * as Buffers from "./Buffers.js"
export * as Connection from "./Connection.js"
export * as Deadline from "./Deadline.js"
export * as DuctError from "./DuctError.js"
export * as Exclusive from "./Exclusive.js"
export * as Facade from "./Facade.js"
export * as Gate from "./Gate.js"
export * as RawDuct from "./RawDuct.js"
export * as Settled from "./Settled.js"
export * as Slab from "./Slab.js"
export * as Transport from "./Transport.js"
export * as Turn from "./Turn.js"
export * as Wakes from "./Wakes.js"
