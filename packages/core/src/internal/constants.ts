import * as Duration from "effect/Duration"

export const timeout = Duration.seconds(30)
export const retryCount = 3
export const retryDelay = Duration.seconds(3)
export const pollTimeout = Duration.seconds(60)
/** Of an end whose transport has its own: for the half-close before a close. */
export const linger = Duration.seconds(3)
