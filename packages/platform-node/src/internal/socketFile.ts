import { format, UnixAddress } from "@ductworks/core/Address"
import { BindFailed, InvalidArgument } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import type { Options } from "../UnixListener.js"
import { pathLimit } from "./addresses.js"
import { codeOf, details, reasonOf, withCode } from "./errno.js"
import { privateDirectory } from "./privateDirectory.js"

// This user only.
const defaultMode = 0o600

const mostMode = 0o7777

/** Node takes any 32 bits for permissions, and ends the process over those that no int can hold. */
export const checkMode = ({ mode = defaultMode }: Options): Effect.Effect<void, InvalidArgument> =>
  Number.isInteger(mode) && mode >= 0 && mode <= mostMode
    ? Effect.void
    : new InvalidArgument({ operation: "listen", problem: `mode must be an integer from 0 to 0o7777, not ${mode}` })

/** The permissions that were asked for. (Node ends the process over -0, too.) */
export const modeOf = ({ mode = defaultMode }: Options): number => mode + 0

/** A step of a bind that calls the file system. */
export const attempt = <A>(address: UnixAddress, step: () => A): Effect.Effect<A, BindFailed> =>
  Effect.try({ try: step, catch: (cause) => bindFailed(address, cause) })

export const bindFailed = (address: UnixAddress, cause: unknown): BindFailed =>
  new BindFailed({ reason: reasonOf(cause), address: format(address), ...details(cause) })

/** Takes what was there away again; what is gone, or has become someone else's, is not an error. */
export const release = (...steps: ReadonlyArray<() => void>): Effect.Effect<void> =>
  Effect.sync(() => {
    for (const step of steps) {
      try {
        step()
      } catch {
        // ENOENT: gone already; ENOTEMPTY: something that is not ours was put there.
      }
    }
  })

/** An address in a new directory of mode 0700, which goes with the scope. */
export const freshAddress: Effect.Effect<UnixAddress, BindFailed, Scope.Scope> = Effect.suspend(() => {
  const parent = path.join(os.tmpdir(), "duct-XXXXXX", "socket").length > pathLimit ? "/tmp" : os.tmpdir()
  return Effect.acquireRelease(
    attempt(UnixAddress(parent), () => privateDirectory(path.join(parent, "duct-"))),
    (directory) => release(() => fs.rmdirSync(directory))
  )
}).pipe(Effect.map((directory) => UnixAddress(path.join(directory, "socket"))))

/** Which file it is, for as long as it exists. */
export interface Identity {
  readonly file: string
  readonly dev: bigint
  readonly ino: bigint
}

export const identify = (file: string): Identity => {
  const { dev, ino } = fs.lstatSync(file, { bigint: true })
  return { file, dev, ino }
}

/**
 * Unlinks the file unless another has taken its place. To be called while the socket is open: it keeps its inode, so
 * that no other file can have the number.
 */
export const unlinkOwn = ({ dev, file, ino }: Identity): void => {
  const now = identify(file)
  if (now.dev === dev && now.ino === ino) fs.unlinkSync(file)
}

/** Removes a socket of ours that is in the way. Throws if what is there is not to be removed. */
export const unlinkStale = (file: string, isLive: (file: string) => boolean): void => {
  const stats = fs.lstatSync(file, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isSocket()) throw withCode("the file in the way is not a socket", "ENOTSOCK")
  if (stats.uid !== process.geteuid?.()) throw withCode("the socket in the way is another user's", "EPERM")
  if (isLive(file)) throw withCode("a process listens there", "EADDRINUSE")
  fs.rmSync(file, { force: true })
}

/** Without a way to see it, nobody listens: that is what `replaceStale` says then. */
export const isLiveOf = ({ isLive }: Options): ((file: string) => boolean) => isLive ?? (() => false)

/** Whether the error is "there is a file already". */
export const isTaken = (cause: unknown): boolean => codeOf(cause) === "EEXIST"
