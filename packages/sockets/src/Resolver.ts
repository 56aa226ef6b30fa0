/**
 * How names become addresses: a service, so that programs and tests can put another in its place.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as dns from "node:dns"
import { NameNotResolved } from "./SocketError.js"

/**
 * What a resolver does.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResolverService {
  /**
   * The IP addresses of the name, of one family or (0) of either, the best one first. Interruption stops waiting for
   * them.
   */
  readonly resolve: (
    hostname: string,
    family: 0 | 4 | 6
  ) => Effect.Effect<Arr.NonEmptyReadonlyArray<string>, NameNotResolved>
}

/**
 * Asks the system, as `getaddrinfo` does (`dns.lookup`): `/etc/hosts` first, then name servers.
 *
 * @since 0.1.0
 * @category constructors
 */
export const system: ResolverService = {
  resolve: (hostname, family) =>
    Effect.async((resume) => {
      dns.lookup(hostname, { all: true, family }, (error, found) => {
        const addresses = error === null ? found.map(({ address }) => address) : []
        if (Arr.isNonEmptyReadonlyArray(addresses)) return resume(Effect.succeed(addresses))
        const details =
          error === null ? {} : { cause: error, ...(error.code === undefined ? {} : { code: error.code }) }
        resume(new NameNotResolved({ hostname, ...details }))
      })
    })
}

/**
 * The resolver that `connect` uses: {@link system}, unless a program provides another.
 *
 * @since 0.1.0
 * @category references
 * @example
 * import { Resolver } from "@ductworks/sockets/Resolver"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const resolver = yield* Resolver
 *   console.assert((yield* resolver.resolve("db.test", 4))[0] === "127.0.0.1")
 * })
 *
 * const forTests = { resolve: () => Effect.succeed(["127.0.0.1"] as const) }
 *
 * Effect.runPromise(Effect.provideService(program, Resolver, forTests))
 */
export class Resolver extends Context.Reference<Resolver>()("@ductworks/sockets/Resolver", {
  defaultValue: (): ResolverService => system
}) {}
