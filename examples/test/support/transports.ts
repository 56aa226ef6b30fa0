import { Address, Transport } from "@ductworks/core"
import { NodeTransport } from "@ductworks/platform-node"
import { SocketTransport } from "@ductworks/sockets"
import { MemoryTransport } from "@ductworks/testing"
import { Effect, Layer, Option } from "effect"

/** The system's transport, with pairs over TCP instead of a Unix socket. */
export const tcpPairs = Layer.effect(
  Transport.Transport,
  Effect.map(Transport.Transport, (transport) => ({
    ...transport,
    pair: (options?: Transport.PairOptions) =>
      Effect.gen(function* () {
        const listener = yield* transport.listen(Option.some(Address.TcpAddress("127.0.0.1", 0)), options)
        return yield* Effect.all([Effect.orDie(listener.accept), transport.connect(listener.address, options)], {
          concurrency: 2
        })
      })
  }))
).pipe(Layer.provide(NodeTransport.layer))

/** The system's transports: over node:net, and over native sockets. */
export const systems = [
  ["unix", NodeTransport.layer],
  ["native", SocketTransport.layer]
] as const

/** The Layers under which one and the same program runs. */
export const pairs = [...systems, ["tcp", tcpPairs], ["memory", MemoryTransport.layer]] as const
