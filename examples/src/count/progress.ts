import cliProgress from "cli-progress"
import { Console, Effect, type Scope } from "effect"

/** What is told while the work goes on: on standard error, so that standard output holds the table alone. */
export interface Progress {
  readonly started: (pid: number) => Effect.Effect<void>
  readonly lost: (pid: number, file: string) => Effect.Effect<void>
  readonly counted: Effect.Effect<void>
}

/** A bar, and whole lines again once the scope is left, however it is left. */
const bar = (total: number): Effect.Effect<Progress, never, Scope.Scope> =>
  Effect.gen(function* () {
    const workers = new Set<number>()
    const payload = () => ({ workers: [...workers].join(" and ") || "..." })
    const single = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const made = new cliProgress.SingleBar({
          format: "{bar} {value}/{total} files, workers {workers}",
          barCompleteChar: "█",
          barIncompleteChar: "░",
          barsize: 30,
          hideCursor: true
        })
        made.start(total, 0, payload())
        return made
      }),
      (made) => Effect.sync(() => made.stop())
    )
    return {
      started: (pid) => Effect.sync(() => (workers.add(pid), single.update(payload()))),
      lost: (pid) => Effect.sync(() => (workers.delete(pid), single.update(payload()))),
      counted: Effect.sync(() => single.increment())
    }
  })

/** Lines, for logs and pipes: one for each worker, and one for each tenth of the files. */
const lines = (total: number): Progress => {
  let done = 0
  return {
    started: (pid) => Console.error(`worker ${pid} started`),
    lost: (pid, file) => Console.error(`worker ${pid} was lost; ${file} is done again`),
    counted: Effect.suspend(() => {
      const tenths = Math.floor((done * 10) / total)
      done += 1
      return Math.floor((done * 10) / total) === tenths ? Effect.void : Console.error(`${done} of ${total} files`)
    })
  }
}

export const make = (total: number): Effect.Effect<Progress, never, Scope.Scope> =>
  process.stderr.isTTY ? bar(total) : Effect.succeed(lines(total))
