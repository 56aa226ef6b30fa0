/**
 * What the conformance suites have in common: named checks that need no test runner, and a report.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * A check that did not hold: which law, which check, and what was seen instead.
 *
 * @since 0.1.0
 * @category errors
 */
export class Violation extends Schema.TaggedError<Violation>("@ductworks/testing/Violation")("Violation", {
  /** The number of the law that is broken. */
  law: Schema.Number,
  /** The name of the check. */
  check: Schema.String,
  /** What was expected, and what happened. */
  problem: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message() {
    return `law ${this.law}, ${this.check}: ${this.problem}`
  }
}

/**
 * One check. It opens and closes what it needs, and ends within its deadline, which runs on the wall clock whatever
 * clock the program has: what hangs becomes a violation. Interrupting it closes what it opened.
 *
 * @since 0.1.0
 * @category models
 */
export interface Check<out R> {
  readonly law: number
  readonly name: string
  readonly run: Effect.Effect<void, Violation, R>
}

/**
 * Which checks passed, by name, and which did not.
 *
 * @since 0.1.0
 * @category models
 */
export interface Report {
  readonly passed: ReadonlyArray<string>
  readonly violations: ReadonlyArray<Violation>
}

/**
 * Runs the checks one after the other, all of them, and reports.
 *
 * @since 0.1.0
 * @category running
 */
export const report = <R>(checks: ReadonlyArray<Check<R>>): Effect.Effect<Report, never, R> =>
  Effect.map(
    Effect.partition(checks, (check) => Effect.as(check.run, check.name)),
    ([violations, passed]) => ({ passed, violations })
  )

/**
 * Runs the checks one after the other and fails with the first violation.
 *
 * @since 0.1.0
 * @category running
 */
export const assertAll = <R>(checks: ReadonlyArray<Check<R>>): Effect.Effect<void, Violation, R> =>
  Effect.forEach(checks, (check) => check.run, { discard: true })
