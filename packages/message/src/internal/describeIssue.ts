import { quoteText } from "@ductworks/core/DuctError"
import type { ParseIssue } from "effect/ParseResult"

/**
 * The first thing that is wrong, and where: `at "items.0.name": expected string, got number`. Effect's own formatters
 * print the values they reject, whole (they stringify all of a 16 MiB message to say that it is no number), so they are
 * not for what a peer sent. Keys come from the peer too: they are escaped and cut, as is a message of the schema.
 */
export const describeIssue = (issue: ParseIssue): string => {
  const path: Array<string> = []
  let at = issue
  for (let inner = innerOf(at); inner !== undefined; inner = innerOf(at)) {
    if (at._tag === "Pointer" && path.length < maxKeys) path.push(...keysOf(at.path))
    at = inner
  }
  return path.length === 0 ? problemOf(at) : `at ${quoteText(path.join("."))}: ${problemOf(at)}`
}

const maxKeys = 32

const keysOf = (path: PropertyKey | ReadonlyArray<PropertyKey>): ReadonlyArray<string> =>
  typeof path === "object" ? path.map(String) : [String(path)]

const innerOf = (issue: ParseIssue): ParseIssue | undefined => {
  switch (issue._tag) {
    case "Pointer":
    case "Refinement":
    case "Transformation":
      return issue.issue
    case "Composite": {
      if ("_tag" in issue.issues) return issue.issues
      // Of several members of a union none is "the" problem: the union itself says what was expected.
      return issue.ast._tag === "Union" && issue.issues.length > 1 ? undefined : issue.issues[0]
    }
    default:
      return undefined
  }
}

const problemOf = (issue: ParseIssue): string => {
  if (issue._tag === "Missing") return "is missing"
  if (issue._tag === "Unexpected") return "is not expected"
  if (issue._tag === "Pointer") return "is wrong"
  if ("message" in issue && issue.message !== undefined) return quoteText(issue.message)
  const name = String(issue.ast)
  const expected = name.length > 128 ? `${name.slice(0, 128)}…` : name
  // A refinement: the type is right, the value is not.
  return issue.ast._tag === "Refinement"
    ? `expected ${expected}, which this ${kindOf(issue.actual)} is not`
    : `expected ${expected}, got ${kindOf(issue.actual)}`
}

const kindOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value)
