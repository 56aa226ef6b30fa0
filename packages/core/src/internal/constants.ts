import * as Duration from "effect/Duration"

export const timeout = Duration.seconds(30)
export const retryCount = 3
export const retryDelay = Duration.seconds(3)
export const pollTimeout = Duration.seconds(60)
/** Of the half-close before a close: as long as transports give the close itself. */
export const linger = Duration.seconds(3)
export const tcpLinger = Duration.seconds(10)
