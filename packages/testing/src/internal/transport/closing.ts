import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import type { Connection } from "@ductworks/core"
import { expect, expectFailure, problem, sleep, timed } from "../check.js"
import { Pattern, Random } from "../pattern.js"
import { compare, dropped, endless, expectEnd, open, receive, type Setting, transmit } from "./ends.js"
import type { Entry } from "./entry.js"
import { floodUntilStalled, underTestClock } from "./pressure.js"

type Failure = Effect.Effect<string, unknown>

/** Fibers that wait in every way there is; each gives the tag of the error it ended with. */
const waitEverywhere = (
  setting: Setting,
  connection: Connection.Connection
): Effect.Effect<ReadonlyArray<readonly [string, Failure]>, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const { fiber } = yield* floodUntilStalled(setting, connection, new Pattern(setting.seed))
    yield* Fiber.interrupt(fiber)
    const waits: ReadonlyArray<readonly [string, Effect.Effect<unknown, { readonly _tag: string }>]> = [
      ["pull", connection.pull],
      ["readable", connection.readable],
      ["poll", connection.poll(Duration.infinity)],
      ["poll with a time-out", connection.poll(Duration.hours(1))],
      ["write", connection.write([new Uint8Array(1)])],
      ["write with a time-out", connection.write([new Uint8Array(1)], Duration.hours(1))],
      ...(connection.pending() > 0 ? ([["flush", connection.flush]] as const) : [])
    ]
    return yield* Effect.forEach(waits, ([operation, wait]) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkScoped(
          Effect.match(wait, { onFailure: (error) => error._tag, onSuccess: () => "success" })
        )
        yield* Effect.yieldNow()
        if (fiber.unsafePoll() !== null) return yield* problem(`${operation} did not wait`)
        return [operation, Fiber.join(fiber)] as const
      })
    )
  })

/** Laws 6 and 7: closing, and what the other end sees. */
export const closing = (setting: Setting): ReadonlyArray<Entry> => {
  const { seed } = setting

  const wakes = (how: "scope" | "close" | "abort") =>
    Effect.gen(function* () {
      const { closeLeft, left } = yield* open(setting, { linger: Duration.millis(10) })
      const waits = yield* waitEverywhere(setting, left)
      yield* how === "scope" ? closeLeft() : how === "close" ? left.close : left.abort
      for (const [operation, failure] of waits) {
        const tag = yield* failure
        yield* expect(tag === "DuctClosed", `a waiting ${operation} ended with ${tag}, expected DuctClosed`)
      }
      const one = [new Uint8Array(1)] as const
      yield* expectFailure("pull when closed", left.pull, "DuctClosed")
      yield* expectFailure("readable when closed", left.readable, "DuctClosed")
      yield* expectFailure("poll when closed", left.poll(Duration.zero), "DuctClosed")
      yield* expectFailure("write when closed", left.write(one), "DuctClosed")
      yield* expectFailure("flush when closed", left.flush, "DuctClosed")
      yield* expectFailure("endWrite when closed", left.endWrite, "DuctClosed", "Unsupported")
      yield* left.close
      yield* left.abort
      yield* closeLeft()
      yield* closeLeft()
    })

  const wakesEndWrite = Effect.gen(function* () {
    const { left } = yield* open(setting, { linger: Duration.millis(10) })
    const { fiber } = yield* floodUntilStalled(setting, left, new Pattern(seed))
    yield* Fiber.interrupt(fiber)
    const ending = yield* Effect.fork(Effect.exit(left.endWrite))
    yield* Effect.yieldNow()
    yield* left.close
    const exit = yield* Fiber.join(ending)
    yield* expect(
      Exit.isSuccess(exit) || (Exit.isFailure(exit) && exit.cause._tag === "Fail"),
      () => `endWrite ended with ${exit.toString()} when the connection was closed`
    )
  })

  const successLingers = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* open(setting, { linger: endless })
    const total = 2_000_000
    yield* left.write([new Pattern(seed).next(total)])
    yield* Effect.all([closeLeft(), Effect.zipRight(receive(right, new Pattern(seed), total), expectEnd(right))], {
      concurrency: "unbounded",
      discard: true
    })
  })

  // TCP answers with a reset what comes in after close(2), and forgets what the other end's system has not taken yet.
  const closesOnASender = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* open(setting, { linger: endless })
    const { accepted, fiber } = yield* floodUntilStalled(setting, left, new Pattern(seed))
    yield* Fiber.interrupt(fiber)
    const arrived = new Pattern(seed)
    while (left.pending() > 0) {
      yield* compare(arrived, yield* right.pull)
      yield* sleep(0)
    }
    const closing = yield* Effect.fork(closeLeft())
    for (let turns = 0; turns < 3; turns++) yield* sleep(0)
    yield* Effect.ignore(right.write([new Uint8Array(1)]))
    while (arrived.offset < accepted()) yield* compare(arrived, yield* right.pull)
    yield* Fiber.join(closing)
  })

  const lingerEnds = Effect.gen(function* () {
    const { closeLeft, left } = yield* open(setting, { linger: Duration.millis(100) })
    const { fiber } = yield* floodUntilStalled(setting, left, new Pattern(seed))
    yield* Fiber.interrupt(fiber)
    const millis = yield* timed(closeLeft())
    yield* expect(millis < 3000, `closing with a linger of 100 ms took ${Math.round(millis)} ms`)
  })

  const noLinger = (exit: Exit.Exit<unknown, unknown>) =>
    Effect.gen(function* () {
      const { closeLeft, left } = yield* open(setting, { linger: endless })
      const { fiber } = yield* floodUntilStalled(setting, left, new Pattern(seed))
      yield* Fiber.interrupt(fiber)
      const millis = yield* timed(closeLeft(exit))
      yield* expect(millis < 3000, `closing without a linger took ${Math.round(millis)} ms`)
    })

  const nothingToLingerFor = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* open(setting, { linger: endless })
    yield* left.write([new Pattern(seed).next(100)])
    yield* left.flush
    yield* receive(right, new Pattern(seed), 100)
    const millis = yield* timed(Effect.all([closeLeft(), right.readable], { concurrency: 2 }))
    yield* expect(millis < 3000, `closing with nothing pending took ${Math.round(millis)} ms`)
  })

  const peerAborts = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const waits = yield* waitEverywhere(setting, left)
    yield* right.abort
    for (const [operation, failure] of waits) {
      const tag = yield* failure
      const isWatcher = operation.startsWith("poll") || operation === "readable"
      const allowed = isWatcher ? ["success"] : ends(setting, operation === "pull" ? "read" : "write")
      yield* expect(allowed.includes(tag), `a waiting ${operation} ended with ${tag}, expected ${allowed.join(" or ")}`)
    }
    const first = yield* Effect.flip(left.pull)
    yield* expectFailure("pull after a reset", left.pull, first._tag)
    yield* expectFailure("write after a reset", left.write([new Uint8Array(1)]), "RemoteDuctReset", "RemoteDuctClosed")
  })

  const dataBeforeReset = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    yield* left.write([new Pattern(seed).next(100)])
    yield* left.flush
    // The bytes are here before the reset is, so that no platform may drop them on the way.
    yield* right.readable
    yield* receive(right, new Pattern(seed), 100)
    yield* left.abort
    const tag = (yield* Effect.flip(right.pull))._tag
    const allowed = ends(setting, "read")
    yield* expect(allowed.includes(tag), `pull after a reset failed with ${tag}, expected ${allowed.join(" or ")}`)
  })

  const peerCloses = Effect.gen(function* () {
    const { closeRight, left } = yield* open(setting)
    const { fiber } = yield* floodUntilStalled(setting, left, new Pattern(seed))
    yield* closeRight(dropped)
    const exit = yield* fiber.await
    if (Exit.isSuccess(exit) || exit.cause._tag !== "Fail") return yield* exit
    yield* expectFailure("write", left.write([new Uint8Array(1)]), "RemoteDuctClosed", "RemoteDuctReset")
    yield* expectFailure("flush", left.flush, "RemoteDuctClosed", "RemoteDuctReset")
    yield* expectFailure("pull", left.pull, "RemoteDuctClosed", "RemoteDuctReset")
  })

  const closedWhileSending = Effect.gen(function* () {
    const { closeRight, left, right } = yield* open(setting)
    const send = yield* Effect.fork(Effect.exit(transmit(left, new Pattern(seed), 2 ** 30, new Random(seed))))
    yield* receive(right, new Pattern(seed), 1).pipe(Effect.ignore)
    yield* closeRight()
    const exit = yield* Fiber.join(send)
    yield* expect(
      Exit.isFailure(exit) && exit.cause._tag === "Fail",
      () => `the writer of a peer that closed ended with ${exit.toString()}`
    )
  })

  return [
    [6, "leaving the scope wakes every waiter with DuctClosed, and again is fine", wakes("scope")],
    [6, "close wakes every waiter with DuctClosed, and again is fine", wakes("close")],
    [6, "abort wakes every waiter with DuctClosed, and again is fine", wakes("abort")],
    [6, "close ends a waiting endWrite", wakesEndWrite],
    [6, "success lingers until the bytes have left", successLingers],
    [6, "success closes on an end that still sends, and has not read everything", closesOnASender],
    [6, "a linger ends in time, also under a TestClock", underTestClock(lingerEnds)],
    [6, "a failure does not linger, nor hang under a TestClock", underTestClock(noLinger(dropped))],
    [6, "an interruption does not linger, nor hang under a TestClock", underTestClock(noLinger(interrupted))],
    [6, "closing with nothing pending does not wait", underTestClock(nothingToLingerFor)],
    [7, "a reset ends every waiter", peerAborts],
    [7, "a reset after data is told, or is the end", dataBeforeReset],
    [7, "a peer that closes with unread input ends a waiting writer", peerCloses],
    [7, "a peer that closes while it is sent to ends the sender", closedWhileSending]
  ]
}

const interrupted = Exit.interrupt(FiberId.none)

const ends = (setting: Setting, side: "read" | "write"): ReadonlyArray<string> =>
  side === "write" || setting.cannot("reset") ? ["RemoteDuctReset", "RemoteDuctClosed"] : ["RemoteDuctReset"]
