/**
 * Ducts over `node:net`: Unix sockets, TCP and inherited descriptors.
 *
 * @since 0.1.0
 */
import { type FdAddress, format } from "@ductworks/core/Address"
import { ConnectFailed } from "@ductworks/core/DuctError"
import { Transport } from "@ductworks/core/Transport"
import * as Wakes from "@ductworks/core/Wakes"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { listen } from "./internal/listen.js"
import { connect } from "./internal/open.js"
import { ownScope } from "./internal/ownScope.js"
import { pair } from "./internal/pair.js"

/**
 * The {@link Transport} of this process's operating system.
 *
 * - **Unix sockets**: {@link UnixListener} says where socket files come from and go. Abstract names: Linux, Node 22 or
 *   later, otherwise `Unsupported`; every process of the machine may connect to one. Windows: `Unsupported`, use TCP.
 * - **TCP**: IPv4, IPv6 and names. To listen at any free port of this machine only: `TcpAddress("127.0.0.1", 0)`. That
 *   keeps other machines out, but no program or user of this one. `TCP_NODELAY` and keep-alive (30 s) are on.
 * - **Descriptors**: `FdAddress(3)` connects over a stream socket that this process inherited; while that connection's
 *   scope is open, another one is `AddressInUse`. It becomes non-blocking for every process that shares it.
 *
 * A listener holds up to 64 connections that nobody accepted, unread; more are closed at once, since `node:net` cannot
 * stop accepting, and so are those that this process has no descriptor for. A connection reads nothing before it is asked
 * to, then at most `readAhead` and one read more.
 *
 * Closing: bytes that were taken leave first, for at most `linger`. A Unix socket is then closed but not shut down, so
 * that a process which inherited it goes on. A TCP socket is shut down and its input discarded until the other end
 * closes or is quiet for 100 ms: a reset could undo what was sent last. A write that fails does not hide bytes that
 * arrived.
 *
 * @example
 * import { Transport } from "@ductworks/core/Transport"
 * import { NodeTransport } from "@ductworks/platform-node"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const transport = yield* Transport
 *   const [parent, child] = yield* transport.pair()
 *   yield* parent.write([new TextEncoder().encode("hello")])
 *   const [chunk] = yield* child.pull
 *   console.assert(new TextDecoder().decode(chunk) === "hello")
 * })
 *
 * Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeTransport.layer)))
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Transport> = Layer.merge(
  Wakes.layer,
  Layer.succeed(Transport, {
    connect: (address, options) =>
      address._tag === "FdAddress"
        ? ownScope(Effect.zipRight(claim(address), connect(address, options)))
        : connect(address, options),
    listen,
    pair
  })
)

// A process has one table of descriptors, however many times the layer is built: the one state that is the module's.
const inUse = new Set<number>()

// Two connections over one descriptor would close it twice, the second time perhaps as somebody else's.
const claim = (address: FdAddress): Effect.Effect<void, ConnectFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      if (inUse.has(address.fd)) return new ConnectFailed({ reason: "AddressInUse", address: format(address) })
      inUse.add(address.fd)
      return Effect.void
    }),
    () => Effect.sync(() => inUse.delete(address.fd))
  )
