import type { UnixAddress } from "@ductworks/core/Address"
import type { BindFailed } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Options } from "../UnixListener.js"
import { ownScope } from "./ownScope.js"
import { aliasPath } from "./shortPath.js"
import { attempt, identify, isLiveOf, modeOf, release, unlinkOwn, unlinkStale } from "./socketFile.js"

/**
 * Binds at the address itself, where sockets cannot be linked. bind(2) does not overwrite either. The name is bound
 * through a symbolic link that is removed before the socket closes, so that libuv, which unlinks the name it bound,
 * finds nothing there. Until chmod(2) the file has the permissions that the process's umask leaves.
 */
export const bindInPlace = <A, E, R>(
  address: UnixAddress,
  listen: (path: string) => Effect.Effect<A, E, R | Scope.Scope>,
  options: Options
): Effect.Effect<A, E | BindFailed, R | Scope.Scope> =>
  ownScope(
    Effect.gen(function* () {
      const target = yield* attempt(address, () => path.resolve(address.path))
      if (options.replaceStale === true) yield* attempt(address, () => unlinkStale(target, isLiveOf(options)))
      const alias = yield* Effect.acquireRelease(
        attempt(address, () => aliasPath(path.dirname(target))),
        (alias) => release(alias.release)
      )
      const listener = yield* listen(path.join(alias.path, path.basename(target)))
      yield* Effect.addFinalizer(() => release(alias.release))
      yield* Effect.acquireRelease(
        attempt(address, () => identify(target)),
        (identity) => release(() => unlinkOwn(identity))
      )
      yield* attempt(address, () => fs.chmodSync(target, modeOf(options)))
      return listener
    })
  )
