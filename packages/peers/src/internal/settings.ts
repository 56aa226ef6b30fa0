import { sizeOr } from "@ductworks/core/Connection"
import * as Duration from "effect/Duration"
import type { Settings, SlowPeerPolicy } from "../PeerOptions.js"

/** The settings of one socket: times in milliseconds, limits at least 1. */
export interface Resolved {
  readonly timeout: Duration.Duration
  readonly tickInterval: Duration.Duration
  readonly heartbeat: Duration.Duration | undefined
  readonly timeoutMillis: number
  readonly firstMessageMillis: number
  readonly handlerMillis: number
  readonly hookMillis: number
  readonly requestTimeout: Duration.Duration
  readonly concurrency: number
  readonly isSequential: boolean
  readonly maxHandlers: number
  readonly parseQueue: number
  readonly inQueue: number
  readonly inQueueBytes: number
  readonly maxQueuedBytes: number
  readonly maxPeers: number
  readonly maxStrangers: number
  readonly maxRequests: number
  readonly slowPeer: SlowPeerPolicy
  readonly sendQueue: number
  readonly sendQueueBytes: number
}

const mebibyte = 1024 * 1024

/** A rate needs a time between its beats. */
export const interval = (asked: Duration.DurationInput): Duration.Duration =>
  Duration.max(Duration.decode(asked), "1 millis")

export const resolve = (settings: Settings): Resolved => {
  const { firstMessageTimeout = "5 seconds", handlerTimeout = "30 seconds", heartbeat = false } = settings
  const { hookTimeout = "5 seconds", requestTimeout = "10 seconds", tickInterval = "250 millis" } = settings
  const timeout = Duration.decode(settings.timeout ?? "10 seconds")
  const isSequential = settings.sequential ?? false
  return {
    timeout,
    tickInterval: interval(tickInterval),
    heartbeat: heartbeat === false ? undefined : interval(heartbeat),
    timeoutMillis: Duration.toMillis(timeout),
    firstMessageMillis: Math.min(Duration.toMillis(firstMessageTimeout), Duration.toMillis(timeout)),
    handlerMillis: Duration.toMillis(handlerTimeout),
    hookMillis: Duration.toMillis(hookTimeout),
    requestTimeout: Duration.decode(requestTimeout),
    concurrency: isSequential ? 1 : sizeOr(settings.concurrency, 1),
    isSequential,
    maxHandlers: sizeOr(settings.maxHandlers, 1000),
    parseQueue: sizeOr(settings.parseQueue, 100),
    inQueue: sizeOr(settings.inQueue, 100),
    inQueueBytes: sizeOr(settings.inQueueBytes, mebibyte),
    maxQueuedBytes: sizeOr(settings.maxQueuedBytes, 64 * mebibyte),
    maxPeers: sizeOr(settings.maxPeers, 1024),
    maxStrangers: sizeOr(settings.maxStrangers, 64),
    maxRequests: sizeOr(settings.maxRequests, 100),
    slowPeer: settings.slowPeer ?? "wait",
    sendQueue: sizeOr(settings.sendQueue, 100),
    sendQueueBytes: sizeOr(settings.sendQueueBytes, mebibyte)
  }
}
