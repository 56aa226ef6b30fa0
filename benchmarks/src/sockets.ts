import { layer, layerWith } from "@ductworks/sockets/NativeSockets"
import { unixSock, type Sock, type Sockets } from "@ductworks/sockets/Sock"
import { Effect, Scope } from "effect"
import type { Start } from "./contender.js"
import { orMissing } from "./ducts.js"
import { freshPath } from "./paths.js"

/** Whether a receive or a send that would wait tries again first: longer than any answer takes here. */
export type Waiting = "sleeping" | "spinning"

/** Starts the answering process and accepts it; the socket lives as long as this process. */
export const acceptSock = (start: Start, waiting: Waiting = "sleeping"): Promise<Sock> =>
  Effect.gen(function* () {
    const listener = yield* unixSock
    const path = freshPath()
    yield* listener.bind(path)
    yield* listener.listen(1)
    start(path)
    const [sock] = yield* listener.accept
    yield* listener.close
    return sock
  }).pipe(withSockets(waiting))

/** Connects to the measuring process and answers it with `program`, until the stream ends. */
export const answerSock = <E>(
  path: string,
  program: (sock: Sock) => Effect.Effect<never, E>,
  waiting: Waiting = "sleeping"
): Promise<void> =>
  Effect.gen(function* () {
    const sock = yield* unixSock
    yield* sock.connect(path)
    yield* Effect.ignore(program(sock))
  }).pipe(withSockets(waiting))

/** Native sockets, of a scope that nobody closes: the process ends with them. */
export const withSockets =
  (waiting: Waiting = "sleeping") =>
  <A, E>(program: Effect.Effect<A, E, Sockets | Scope.Scope>): Promise<A> =>
    program.pipe(
      Scope.extend(Effect.runSync(Scope.make())),
      Effect.provide(waiting === "spinning" ? layerWith({ busyPoll: "1 millis" }) : layer),
      orMissing
    )
