import type { Connection } from "@ductworks/core/Connection"
import * as Deadline from "@ductworks/core/Deadline"
import { DuctTimeout, Unsupported } from "@ductworks/core/DuctError"
import * as RawDuct from "@ductworks/core/RawDuct"
import type { Command } from "@effect/platform/Command"
import type * as Contract from "@ductworks/message/Contract"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type * as NodeChild from "../../NodeChild.js"
import { readAheadOf } from "../settings.js"
import { ownScope } from "../ownScope.js"
import type { Child } from "./child.js"
import { single } from "./command.js"
import { inherited, overTcp, overUnix, type Route } from "./connect.js"
import { outputStream } from "./output.js"
import { start, type Started } from "./start.js"

const defaultGrace = Duration.seconds(5)

// Under a TestClock nobody may be there to move the time on.
const liveClock = Clock.make()

export const spawnRaw = (
  command: Command,
  options: NodeChild.SpawnRawOptions = {}
): Effect.Effect<NodeChild.RawChild, NodeChild.SpawnError, Scope.Scope> =>
  Effect.gen(function* () {
    const description = yield* single(command)
    const grace = Duration.decode(options.grace ?? defaultGrace)
    // The listener goes as soon as its one connection stands, or the child is lost; the rest stays with the caller.
    const scope = yield* Effect.scope
    const { connection, started } = yield* Effect.scoped(
      Effect.gen(function* () {
        const route = yield* routeOf(options)
        const settings = { env: route.env, stdio: stdioOf(route, options), readAhead: readAheadOf(options), grace }
        const started = yield* Scope.extend(start(description, settings), scope)
        const connection = yield* Scope.extend(connected(route, started, options), scope)
        return { connection, started }
      })
    )
    yield* Effect.addFinalizer((exit) =>
      Exit.isSuccess(exit) ? farewell(started.child, connection, grace) : Effect.void
    )
    return { ...RawDuct.fromConnection(connection, options), ...processOf(started) }
  }).pipe(ownScope)

export const spawn = <Id extends string, ToChild, ToParent, R>(
  contract: Contract.Contract<Id, ToChild, ToParent, R>,
  command: Command,
  options: NodeChild.SpawnOptions = {}
): Effect.Effect<NodeChild.Child<ToChild, ToParent>, NodeChild.SpawnError, Scope.Scope | R> =>
  Effect.gen(function* () {
    const raw = yield* spawnRaw(command, options)
    const duct = yield* contract.parentFromRaw(raw, options)
    const { exit, kill, pid, stderr, stdout } = raw
    return { ...duct, exit, kill, pid, stderr, stdout }
  }).pipe(ownScope)

const routeOf = (options: NodeChild.SpawnRawOptions) => {
  switch (options.transport ?? (process.platform === "win32" ? "tcp" : "fd")) {
    case "fd":
      return inherited(options)
    case "unix":
      return overUnix(options)
    case "tcp":
      return overTcp(options)
  }
}

const stdioOf = (route: Route, options: NodeChild.SpawnRawOptions) => {
  const { stderr = "inherit", stdin = "ignore", stdout = "inherit" } = options
  return route.inheritsDescriptor ? [stdin, stdout, stderr, "pipe" as const] : [stdin, stdout, stderr]
}

const processOf = ({ child, process }: Started): NodeChild.Process => ({
  pid: child.pid,
  exit: child.exit,
  kill: (signal = "SIGTERM") =>
    Effect.try({
      try: () => child.signal(signal),
      catch: () => new Unsupported({ operation: "kill", problem: `this platform has no ${signal}` })
    }),
  stdout: outputStream(process.stdout, "stdout"),
  stderr: outputStream(process.stderr, "stderr")
})

const defaultAcceptTimeout = Duration.seconds(60)

// A child that connected, said everything and is gone already: its connection is there, and is seen within this time.
const lastLook = Duration.millis(200)

const connected = (route: Route, started: Started, options: NodeChild.SpawnRawOptions) => {
  const { child } = started
  const acceptTimeout = options.acceptTimeout ?? defaultAcceptTimeout
  const died = child.exit.pipe(
    Effect.tap(Effect.withClock(Effect.sleep(lastLook), liveClock)),
    Effect.flatMap((status) => Effect.fail(child.toError(status)))
  )
  return Effect.raceFirst(route.connection(started), died).pipe(
    Effect.timeoutFail({
      duration: acceptTimeout,
      onTimeout: () => new DuctTimeout({ operation: "spawn", timeout: Duration.decode(acceptTimeout) })
    })
  )
}

/**
 * The end of a duct in good order: the child is told that nothing more will come, says what it has to say, and exits. In
 * what it says nobody is interested any more, but it must not wait for a reader.
 */
const farewell = (child: Child, connection: Connection, grace: Duration.Duration): Effect.Effect<void> => {
  const drain = Effect.ignore(Effect.forever(connection.pull))
  const talk = Effect.all([Effect.ignore(connection.endWrite), drain], { concurrency: "unbounded", discard: true })
  return Deadline.withinLive(Effect.raceFirst(child.exit, Effect.zipRight(talk, Effect.never)), grace).pipe(
    Effect.zipRight(Effect.suspend(() => (child.status === undefined ? connection.abort : Effect.void)))
  )
}
