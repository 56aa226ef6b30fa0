import * as Effect from "effect/Effect"
import * as net from "node:net"
import { Resolver } from "../../Resolver.js"
import { AF } from "../../SocketConstants.js"
import type { NameNotResolved } from "../../SocketError.js"

/** The IP addresses of a name, in the resolver's order; an IP address is its own. */
export const resolve = (hostname: string): Effect.Effect<ReadonlyArray<string>, NameNotResolved> =>
  net.isIP(hostname) !== 0
    ? Effect.succeed([hostname])
    : Effect.flatMap(Resolver, (resolver) => resolver.resolve(hostname, 0))

export const domainOf = (ip: string): number => (ip.includes(":") ? AF.INET6 : AF.INET)
