import { Effect } from "effect"

/** Runs a program without its output reaching the terminal: its value, and the lines it printed. */
export const printed = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const log = (...args: ReadonlyArray<unknown>) => Effect.sync(() => void lines.push(args.map(String).join(" ")))
    return Effect.consoleWith((console) => Effect.withConsole(program, { ...console, log })).pipe(
      Effect.map((value) => ({ value, lines }))
    )
  })
