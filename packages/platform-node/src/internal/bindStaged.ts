import type { UnixAddress } from "@ductworks/core/Address"
import type { BindFailed } from "@ductworks/core/DuctError"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Options } from "../UnixListener.js"
import { codeOf } from "./errno.js"
import { ownScope } from "./ownScope.js"
import { privateDirectory } from "./privateDirectory.js"
import {
  attempt,
  bindFailed,
  type Identity,
  identify,
  isLiveOf,
  isTaken,
  modeOf,
  release,
  unlinkOwn,
  unlinkStale
} from "./socketFile.js"
import { shortPath } from "./shortPath.js"

/** The file system has no hard links, or none of sockets. */
export class NoHardLinks extends Data.TaggedError("NoHardLinks") {}

/**
 * Binds in a private directory next to the address, sets the permissions there, and only then links the socket to the
 * address. link(2) never overwrites, as rename(2) does. The bound name is ours alone, so that libuv, which unlinks the
 * name it bound when it closes, cannot hit a file that someone else has put at the address.
 */
export const bindStaged = <A, E, R>(
  address: UnixAddress,
  listen: (path: string) => Effect.Effect<A, E, R | Scope.Scope>,
  options: Options
): Effect.Effect<A, E | BindFailed | NoHardLinks, R | Scope.Scope> =>
  ownScope(
    Effect.gen(function* () {
      const target = yield* attempt(address, () => path.resolve(address.path))
      const name = randomBytes(8).toString("hex")
      // Not every listener unlinks what it bound when it closes, as libuv does.
      const unstage = (directory: string) =>
        release(
          () => fs.unlinkSync(path.join(directory, name)),
          () => fs.rmdirSync(directory)
        )
      const staging = yield* Effect.acquireRelease(
        attempt(address, () => privateDirectory(path.join(path.dirname(target), ".duct-"))),
        unstage
      )
      const short = yield* Effect.acquireRelease(
        attempt(address, () => shortPath(staging)),
        (short) => release(short.release)
      )
      const listener = yield* listen(path.join(short.path, name))
      yield* Effect.acquireRelease(
        Effect.try({
          try: () => publish(path.join(staging, name), target, options),
          catch: (cause) => (isUnlinkable(cause) ? new NoHardLinks() : bindFailed(address, cause))
        }),
        (identity) => release(() => unlinkOwn(identity))
      )
      // Nothing of it is needed any more, and a process that is killed leaves only the socket behind.
      yield* unstage(staging)
      return listener
    })
  )

const publish = (staged: string, target: string, options: Options): Identity => {
  fs.chmodSync(staged, modeOf(options))
  const { dev, ino } = identify(staged)
  try {
    fs.linkSync(staged, target)
  } catch (cause) {
    if (!isTaken(cause) || options.replaceStale !== true) throw cause
    unlinkStale(target, isLiveOf(options))
    fs.linkSync(staged, target)
  }
  return { file: target, dev, ino }
}

const isUnlinkable = (cause: unknown): boolean => {
  switch (codeOf(cause)) {
    case "EPERM":
    case "EINVAL":
    case "ENOSYS":
    case "ENOTSUP":
    case "EOPNOTSUPP":
    case "EXDEV":
      return true
    default:
      return false
  }
}
