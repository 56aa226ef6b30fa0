/**
 * @since 0.1.0
 */
export * as MessageError from "./MessageError.js"
