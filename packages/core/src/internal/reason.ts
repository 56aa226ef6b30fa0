/** Why a bind or a connect failed, and what to say of it. */
import * as Schema from "effect/Schema"
import { quote } from "./quote.js"

export const Reason = Schema.Literal(
  "AddressInUse",
  "AddressNotAvailable",
  "PermissionDenied",
  "NotFound",
  "NotASocket",
  "Refused",
  "BacklogFull",
  "TimedOut",
  "Unreachable",
  "NameNotResolved",
  "TooManyOpenFiles",
  "Other"
)

// What to do next, in few words. Addresses are paths, ports and descriptors.
const hints: Readonly<Record<typeof Reason.Type, string>> = {
  AddressInUse: "something has it already",
  AddressNotAvailable: "no interface of this machine has that address",
  PermissionDenied: "this user may not do that there",
  NotFound: "there is nothing at that address",
  NotASocket: "what is there is no stream socket",
  Refused: "does the parent listen there?",
  BacklogFull: "more children connect than are accepted: try again, or raise the listener's backlog",
  TimedOut: "raise the timeout, or see whether the host can be reached",
  Unreachable: "there is no way to that host",
  NameNotResolved: "is the name right?",
  TooManyOpenFiles: "close some, or raise the limit of this process (ulimit -n)",
  Other: "see the cause"
}

interface Failed {
  readonly reason: typeof Reason.Type
  readonly address: string
  readonly code?: string | undefined
}

/** The text, with the operating system's name of the error where there is one. */
export const withCode = (text: string, code: string | undefined): string =>
  code === undefined ? text : `${text} (${code})`

export const bindMessage = ({ address, code, reason }: Failed): string => {
  const what = withCode(`cannot listen at ${quote(address)}: ${reason}`, code)
  if (reason !== "AddressInUse") return `${what}; ${hints[reason]}`
  if (address.startsWith("unix:"))
    return `${what}; if no process listens there any more, replaceStale makes it give way`
  return `${what}; choose another ${address.startsWith("memory:") ? "name" : "port, or 0 for any free one"}`
}

export const connectMessage = ({ address, code, reason }: Failed): string => {
  const what = withCode(`cannot connect to ${quote(address)}: ${reason}`, code)
  return `${what}; ${reason === "NotFound" && !address.startsWith("fd:") ? hints.Refused : hints[reason]}`
}
