import { quoteText } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type ParseIssue, type Transformation, Type } from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as AST from "effect/SchemaAST"

/**
 * The first thing that is wrong, and where: `at "items.0.name": expected string, got number`. Effect's own formatters
 * print the values they reject, whole (they stringify all of a 16 MiB message to say that it is no number), so they are
 * not for what a peer sent. Keys come from the peer too: they are escaped and cut, as is what the schema says of it.
 */
export const describeIssue = (issue: ParseIssue): string => {
  const path: Array<string> = []
  let at = issue
  let said = saidBySchema(at)
  for (let inner = innerOf(at); said === undefined && inner !== undefined; inner = innerOf(at)) {
    if (at._tag === "Pointer" && path.length < maxKeys) path.push(...keysOf(at.path))
    at = inner
    said = saidBySchema(at)
  }
  const problem = said === undefined ? problemOf(at) : quoteText(said)
  return path.length === 0 ? problem : `at ${quoteText(path.join("."))}: ${problem}`
}

/**
 * What the schema's `message` says, where Effect's formatters (looked at in 3.22) would ask it, but for one that is an
 * Effect. It is told what kind of value that is instead of the value, since it is fond of quoting it.
 */
const saidBySchema = (issue: ParseIssue): string | undefined => {
  if (issue._tag === "Missing") return textOf(Option.map(AST.getMissingMessageAnnotation(issue.ast), (say) => say()))
  if (issue._tag === "Pointer" || issue._tag === "Unexpected") return undefined
  const said = Option.map(AST.getMessageAnnotation(issue.ast), (say) => say(new Type(issue.ast, kindOf(issue.actual))))
  if (Option.isNone(said) || Predicate.isString(said.value) || Effect.isEffect(said.value)) {
    return isAboutParts(issue) ? undefined : textOf(said)
  }
  return isAboutParts(issue) && !said.value.override ? undefined : textOf(Option.some(said.value.message))
}

const textOf = (said: Option.Option<unknown>): string | undefined =>
  Option.getOrUndefined(Option.filter(said, Predicate.isString))

/** What is wrong is wrong with a part of it, which says more. */
const isAboutParts = (issue: ParseIssue): boolean =>
  issue._tag === "Composite" ||
  (issue._tag === "Refinement" && issue.kind === "From") ||
  (issue._tag === "Transformation" && issue.kind !== "Transformation")

const maxKeys = 32

const keysOf = (path: PropertyKey | ReadonlyArray<PropertyKey>): ReadonlyArray<string> =>
  typeof path === "object" ? path.map(String) : [String(path)]

const innerOf = (issue: ParseIssue): ParseIssue | undefined => {
  switch (issue._tag) {
    case "Pointer":
    case "Refinement":
      return issue.issue
    case "Transformation":
      return isUnexplained(issue) ? undefined : issue.issue
    case "Composite": {
      if ("_tag" in issue.issues) return issue.issues
      // Of several members of a union none is "the" problem: the union itself says what was expected.
      return issue.ast._tag === "Union" && issue.issues.length > 1 ? undefined : issue.issues[0]
    }
    default:
      return undefined
  }
}

/** Whether a transformation refused a value of the right type, and all it says is which type that is. */
const isUnexplained = ({ issue, kind }: Transformation): boolean =>
  kind === "Transformation" && issue._tag === "Type" && issue.message === undefined && saidBySchema(issue) === undefined

const problemOf = (issue: ParseIssue): string => {
  if (issue._tag === "Missing") return "is missing"
  if (issue._tag === "Unexpected") return "is not expected"
  if (issue._tag === "Pointer") return "is wrong"
  if ("message" in issue && issue.message !== undefined) return quoteText(issue.message)
  const name = String(issue.ast)
  const expected = name.length > 128 ? `${name.slice(0, 128)}…` : name
  // The type is right, the value is not.
  return issue.ast._tag === "Refinement" || issue._tag === "Transformation"
    ? `expected ${expected}, which this ${kindOf(issue.actual)} is not`
    : `expected ${expected}, got ${kindOf(issue.actual)}`
}

const kindOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value)
