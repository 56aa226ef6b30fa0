/**
 * @since 0.1.0
 */
export * as Contract from "./Contract.js"
export * as Framing from "./Framing.js"
export * as MessageDuct from "./MessageDuct.js"
export * as MessageError from "./MessageError.js"
export * as Serializer from "./Serializer.js"
