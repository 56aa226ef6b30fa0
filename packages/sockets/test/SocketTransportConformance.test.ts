import { Address } from "@ductworks/core"
import * as SocketTransport from "@ductworks/sockets/SocketTransport"
import { checkTransport } from "@ductworks/testing"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { openResources } from "./support/transport.js"

type Options = NonNullable<Parameters<typeof checkTransport>[0]>

const conforms = (name: string, options: Options, layer = SocketTransport.layer) =>
  describe(name, () => {
    for (const check of checkTransport({ ...options, probe: openResources })) {
      it.live(`DW-42 law ${check.law}: ${check.name} (native)`, () => Effect.provide(check.run, layer))
    }
  })

const tcp = (hostname: string) => Effect.succeed(Address.TcpAddress(hostname, 0))

// The kernel's own buffers for TCP grow to several MiB a connection (net.ipv4.tcp_rmem, tcp_wmem).
const maxAcceptedBytes = 16 * 1024 * 1024

// A Unix socket resets only when it is closed with input that nobody read.
conforms("native Unix sockets", { cannot: ["reset"] })
conforms("native TCP over IPv4", { address: tcp("127.0.0.1"), maxAcceptedBytes })
conforms("native TCP over IPv6", { address: tcp("::1"), maxAcceptedBytes })
conforms(
  "native Unix sockets, busy polling",
  { cannot: ["reset"] },
  SocketTransport.layerWith({ busyPoll: "20 micros" })
)
conforms("native abstract names", {
  cannot: ["reset"],
  address: Effect.sync(() => Address.UnixAddress(`\0duct-${randomUUID()}`))
})
