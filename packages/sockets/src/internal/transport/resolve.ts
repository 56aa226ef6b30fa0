import * as Effect from "effect/Effect"
import * as dns from "node:dns"
import * as net from "node:net"
import { AF } from "../../SocketConstants.js"

/** The IP addresses of a name, in the resolver's order; an IP address is its own. Fails with the resolver's error. */
export const resolve = (hostname: string): Effect.Effect<ReadonlyArray<string>, unknown> =>
  net.isIP(hostname) !== 0
    ? Effect.succeed([hostname])
    : Effect.async((resume) => {
        dns.lookup(hostname, { all: true }, (cause, found) =>
          resume(cause === null ? Effect.succeed(found.map(({ address }) => address)) : Effect.fail(cause))
        )
      })

export const domainOf = (ip: string): number => (ip.includes(":") ? AF.INET6 : AF.INET)
