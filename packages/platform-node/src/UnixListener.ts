/**
 * Where a Unix listener's socket file comes from and where it goes: shared by every transport that binds Unix sockets.
 *
 * @since 0.1.0
 */
import { type UnixAddress } from "@ductworks/core/Address"
import type { ListenError } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { checkUnix, isAbstract } from "./internal/addresses.js"
import { bindInPlace } from "./internal/bindInPlace.js"
import { bindStaged } from "./internal/bindStaged.js"
import { ownScope } from "./internal/ownScope.js"
import { checkMode, freshAddress } from "./internal/socketFile.js"

/**
 * How the socket file is made. Abstract names have none: then this is checked, and of no effect.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Permission bits of the socket file, 0 to 0o7777; connecting takes the right to write. Default 0o600. */
  readonly mode?: number | undefined
  /**
   * Replace a socket file at the path that is ours. There is no portable way to see whether a process still listens
   * there (a trial connection would be taken for the child), so without `isLive` this says that none does. Default
   * false.
   */
  readonly replaceStale?: boolean | undefined
  /** Whether a process listens at the path of a socket; then it stays, also with `replaceStale`. May throw. */
  readonly isLive?: ((path: string) => boolean) | undefined
}

/**
 * A listener and where it can be found.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bound<A> {
  /** The address that was asked for, or the fresh one. */
  readonly address: UnixAddress
  /** What `listen` gave. */
  readonly listener: A
}

/**
 * Binds a listening socket at the address; without one, at a fresh path in a new directory that only this user can
 * enter. `listen` is given the path to bind, which is not the address: it must bind and listen there, close with its
 * scope, and may unlink that path when it closes, as libuv does.
 *
 * - The file appears at the address at once with its permissions, and only when it accepts connections. Whatever
 *   is at the address already stays: `BindFailed` with the reason `AddressInUse`. With `replaceStale` a socket of ours
 *   makes way; another user's is `PermissionDenied`, another kind of file `NotASocket`.
 * - `InvalidAddress` comes before any system call: an empty path, NUL in it, more than 107 bytes on Linux or 103
 *   elsewhere. So does `InvalidArgument`, for a `mode` out of its range. Abstract names (a path that begins with NUL) are
 *   given to `listen` as they are: Linux, and with `node:net` Node 22 or later, since earlier ones change the name.
 * - Leaving the scope unlinks the file, if it is still this listener's, then closes the listener, then removes what
 *   was made on the way. A bind that fails or is interrupted leaves nothing behind. A process that is killed and a worker
 *   that is terminated have no such end: the file stays, for `replaceStale`, or with its new directory for whoever clears
 *   the system's temporary one.
 *
 * @example
 * import { UnixListener } from "@ductworks/platform-node"
 * import { Effect, Option } from "effect"
 * import * as net from "node:net"
 *
 * const listen = (path: string) =>
 *   Effect.acquireRelease(
 *     Effect.async<net.Server>((resume) => {
 *       const server = net.createServer().listen(path, () => resume(Effect.succeed(server)))
 *     }),
 *     (server) => Effect.sync(() => server.close())
 *   )
 *
 * const program = Effect.gen(function* () {
 *   const { address } = yield* UnixListener.bind(Option.none(), listen)
 *   console.assert(address.path.length > 0)
 * })
 *
 * Effect.runPromise(Effect.scoped(program))
 *
 * @since 0.1.0
 * @category constructors
 */
export const bind = <A, E, R>(
  address: Option.Option<UnixAddress>,
  listen: (path: string) => Effect.Effect<A, E, R | Scope.Scope>,
  options: Options = {}
): Effect.Effect<Bound<A>, E | ListenError, R | Scope.Scope> =>
  ownScope(
    Effect.flatMap(Effect.zipRight(checkMode(options), targetOf(address)), (address) => {
      const bound = isAbstract(address)
        ? listen(address.path)
        : bindStaged(address, listen, options).pipe(
            Effect.catchTag("NoHardLinks", () => bindInPlace(address, listen, options))
          )
      return Effect.map(bound, (listener) => ({ address, listener }))
    })
  )

const targetOf = (address: Option.Option<UnixAddress>): Effect.Effect<UnixAddress, ListenError, Scope.Scope> =>
  Option.isSome(address) ? checkUnix("listen", address.value) : freshAddress
