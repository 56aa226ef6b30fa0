import { Unsupported } from "@ductworks/core/DuctError"
import type { Command, StandardCommand } from "@effect/platform/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SpawnOptions } from "node:child_process"

/** The command, if it is one that one process can run. */
export const single = (command: Command): Effect.Effect<StandardCommand, Unsupported> => {
  if (command._tag === "PipedCommand") {
    return unsupported("a duct leads to one process, not to a pipeline; run the pipeline in a shell")
  }
  const { stderr, stdin, stdout } = command
  if (typeof stdin !== "string") return unsupported("the command is fed; send what it needs over the duct")
  if (typeof stdout !== "string" || typeof stderr !== "string") {
    return unsupported('the command has a Sink; ask for a Stream with { stdout: "pipe" }')
  }
  return Effect.succeed(command)
}

const unsupported = (problem: string): Unsupported => new Unsupported({ operation: "spawn", problem })

/**
 * What the command says, and `given` for the child only: what this process was itself told about its parent is no
 * business of its children.
 */
export const settingsOf = (command: StandardCommand, given: Readonly<Record<string, string>>): SpawnOptions => {
  const { DUCTWORKS_ADDRESS: _, DUCTWORKS_TOKEN: __, ...inherited } = command.extendEnv ? process.env : {}
  return {
    cwd: Option.getOrUndefined(command.cwd),
    env: { ...inherited, ...Object.fromEntries(command.env), ...given },
    shell: command.shell,
    ...Option.match(command.uid, { onNone: () => ({}), onSome: (uid) => ({ uid }) }),
    ...Option.match(command.gid, { onNone: () => ({}), onSome: (gid) => ({ gid }) }),
    windowsHide: true
  }
}
