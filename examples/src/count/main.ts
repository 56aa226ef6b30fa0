/**
 * Counts the lines and words of every file of a folder and hashes it, in two worker processes. Shows a pool of typed
 * child processes: a worker that dies is replaced and its file is done again; Ctrl-C leaves nothing behind.
 *
 *   npm start                        this repository's own sources
 *   npm start -- <folder> [--all]    another folder; --all: every file, not the largest ones
 */
import { NodeChild } from "@ductworks/platform-node"
import { Command, Runtime } from "@effect/platform"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Data, Effect, Pool } from "effect"
import { relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { Counting, Unreadable } from "./contract.js"
import { filesUnder } from "./files.js"
import * as Progress from "./progress.js"
import { type Row, table } from "./report.js"

const command = Command.make(process.execPath, fileURLToPath(new URL("./worker.js", import.meta.url)))
const spawnWorker = NodeChild.spawn(Counting, command, { grace: "1 second" })
type Worker = Effect.Effect.Success<typeof spawnWorker>

const workers = 2
const retries = 3

class BadArguments extends Data.TaggedError("BadArguments")<{ readonly message: string }> {}

/** The worker ended, or its duct failed, before it answered. */
class WorkerLost extends Data.TaggedError("WorkerLost")<{ readonly pid: number; readonly cause: unknown }> {}

const readArguments = Effect.try({
  try: () => {
    const { positionals, values } = parseArgs({ options: { all: { type: "boolean" } }, allowPositionals: true })
    if (positionals.length > 1) throw new Error("expected one folder")
    const repository = fileURLToPath(new URL("../../..", import.meta.url))
    return { folder: resolve(positionals[0] ?? repository), all: values.all ?? false }
  },
  catch: (cause) => new BadArguments({ message: cause instanceof Error ? cause.message : String(cause) })
})

/**
 * One attempt. The pool makes a new worker for one that failed. Not for one that was interrupted: here that is the end of
 * all of them.
 */
const ask = (pool: Pool.Pool<Worker, NodeChild.SpawnError>, path: string) =>
  Effect.gen(function* () {
    const worker = yield* pool.get
    const result = yield* Effect.zipRight(worker.send({ path }), worker.recv).pipe(
      Effect.mapError((cause) => new WorkerLost({ pid: worker.pid, cause })),
      Effect.tapError(() => pool.invalidate(worker))
    )
    return { result, worker: worker.pid }
  }).pipe(Effect.scoped)

const countAll = (folder: string, files: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const progress = yield* Progress.make(files.length)
    const pool = yield* Pool.make({
      acquire: Effect.tap(spawnWorker, ({ pid }) => progress.started(pid)),
      size: workers
    })
    const count = (path: string): Effect.Effect<Row, NodeChild.SpawnError> => {
      const file = relative(folder, path)
      return ask(pool, path).pipe(
        Effect.tapErrorTag("WorkerLost", ({ pid }) => progress.lost(pid, file)),
        Effect.retry({ times: retries, while: (error) => error._tag === "WorkerLost" }),
        Effect.catchTag("WorkerLost", () =>
          Effect.succeed({ result: new Unreadable({ problem: "every worker that tried was lost" }), worker: undefined })
        ),
        Effect.map((done) => ({ file, ...done })),
        Effect.zipLeft(progress.counted)
      )
    }
    return yield* Effect.forEach(files, count, { concurrency: workers })
  }).pipe(Effect.scoped)

const main = Effect.gen(function* () {
  const { all, folder } = yield* readArguments
  const files = yield* filesUnder(folder)
  const rows = yield* countAll(folder, files)
  const { columns, isTTY } = process.stdout
  // A terminal that does not know its width says 0.
  yield* Console.log(table(rows, isTTY && columns > 0 ? { all, width: columns } : { all }))
}).pipe(
  Effect.catchTag("BadArguments", "BadFolder", ({ message }) =>
    Effect.zipRight(
      Console.error(`count: ${message}`),
      Effect.sync(() => (process.exitCode = 1))
    )
  )
)

// 128 + the signal's number, as shells have it. One Ctrl-C is enough: more of them do not cut the tidying short.
let signalled: number | undefined
process.on("SIGINT", () => (signalled = 130))
process.on("SIGTERM", () => (signalled = 143))

NodeRuntime.runMain(main, {
  teardown: (exit, onExit) => Runtime.defaultTeardown(exit, (code) => onExit(signalled ?? code))
})
