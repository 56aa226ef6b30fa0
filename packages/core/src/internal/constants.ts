import * as Duration from "effect/Duration"

export const timeout = Duration.seconds(30)
export const retryCount = 3
export const retryDelay = Duration.seconds(3)
export const pollTimeout = Duration.seconds(60)

// Not made anew for each of thousands of connections.
const localLinger = Duration.seconds(3)
const tcpLinger = Duration.seconds(10)

export const defaultLinger = (isTcp: boolean): Duration.Duration => (isTcp ? tcpLinger : localLinger)
