import { Address } from "@ductworks/core"
import { NodeTransport } from "@ductworks/platform-node"
import { checkTransport } from "@ductworks/testing"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { openResources } from "./support/transport.js"

const conforms = (name: string, options: Parameters<typeof checkTransport>[0]) =>
  describe(name, () => {
    for (const check of checkTransport({ ...options, probe: openResources })) {
      it.live(`DW-42 law ${check.law}: ${check.name}`, () => Effect.provide(check.run, NodeTransport.layer))
    }
  })

const tcp = (hostname: string) => Effect.succeed(Address.TcpAddress(hostname, 0))

// The kernel's own buffers for TCP grow to several MiB a connection (net.ipv4.tcp_rmem, tcp_wmem).
const maxAcceptedBytes = 16 * 1024 * 1024

// A Unix socket resets only when it is closed with input that nobody read.
conforms("Unix sockets", { cannot: ["reset"] })
conforms("TCP over IPv4", { address: tcp("127.0.0.1"), maxAcceptedBytes })
conforms("TCP over IPv6", { address: tcp("::1"), maxAcceptedBytes })
