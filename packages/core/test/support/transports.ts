import { Address, RawDuct, type Transport } from "@ductworks/core"
import { NodeTransport } from "@ductworks/platform-node"
import { MemoryTransport } from "@ductworks/testing"
import { it } from "@effect/vitest"
import { Effect, Exit, type Layer, Scope } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

export interface Kind {
  readonly name: "memory" | "unix" | "tcp"
  readonly layer: Layer.Layer<Transport.Transport>
  /** For a parent that asks for no address in particular: a free port of this machine; else none. */
  readonly anywhere: { readonly address?: Address.Address }
  /** An address to ask for: free now, and nobody else's. */
  readonly free: Effect.Effect<Address.Address, never, Transport.Transport | Scope.Scope>
}

const anyPort = Address.TcpAddress("127.0.0.1", 0)

export const transports: ReadonlyArray<Kind> = [
  {
    name: "memory",
    layer: MemoryTransport.layer,
    anywhere: {},
    free: Effect.succeed(Address.MemoryAddress("free"))
  },
  {
    name: "unix",
    layer: NodeTransport.layer,
    anywhere: {},
    free: Effect.acquireRelease(
      Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "duct-test-"))),
      (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true }))
    ).pipe(Effect.map((directory) => Address.UnixAddress(path.join(directory, "duct"))))
  },
  {
    name: "tcp",
    layer: NodeTransport.layer,
    anywhere: { address: anyPort },
    free: Effect.scoped(
      Effect.flatMap(RawDuct.parent({ address: anyPort }), (parent) =>
        Effect.orDie(Effect.zipRight(parent.bind(), parent.listenerAddress))
      )
    )
  }
]

/** One test a transport, with real time; the title tells which. */
export const over = <E>(
  title: string,
  test: (kind: Kind) => Effect.Effect<void, E, Transport.Transport | Scope.Scope>,
  kinds: ReadonlyArray<Kind> = transports
): void => {
  for (const kind of kinds) {
    it.scopedLive(`${title} (${kind.name})`, () => Effect.provide(test(kind), kind.layer))
  }
}

/** A parent and a child, connected as two processes would be. */
export const connected = (kind: Kind, options: Omit<RawDuct.ChildOptions, "address"> = {}) =>
  Effect.gen(function* () {
    const parent = yield* RawDuct.parent({ ...options, ...kind.anywhere })
    yield* parent.bind()
    const child = yield* RawDuct.child({ ...options, address: yield* parent.listenerAddress })
    yield* child.connect()
    yield* parent.listen()
    return { parent, child }
  })

/** Runs with a scope of its own, that `leave` leaves. */
export const scoped = Effect.map(Scope.make(), (scope) => ({
  within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Scope.extend(effect, scope),
  leave: Scope.close(scope, Exit.void)
}))

/** Gives the event loop a turn: what the system has already done becomes visible. */
export const turn: Effect.Effect<void> = Effect.async((resume) => {
  setImmediate(() => resume(Effect.void))
})

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export const text = (received: Uint8Array): string => new TextDecoder().decode(received)
