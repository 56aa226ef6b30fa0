import { Address, RawDuct, type Transport } from "@ductworks/core"
import { MessageDuct, Serializer } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import { MemoryTransport } from "@ductworks/testing"
import { it } from "@effect/vitest"
import { Effect, type Layer, type Scope } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

export interface Kind {
  readonly name: "memory" | "unix" | "tcp"
  readonly layer: Layer.Layer<Transport.Transport>
  /** For a parent that asks for no address in particular: a free port of this machine; else none. */
  readonly anywhere: { readonly address?: Address.Address }
}

export const transports: ReadonlyArray<Kind> = [
  { name: "memory", layer: MemoryTransport.layer, anywhere: {} },
  { name: "unix", layer: NodeTransport.layer, anywhere: {} },
  { name: "tcp", layer: NodeTransport.layer, anywhere: { address: Address.TcpAddress("127.0.0.1", 0) } }
]

/** A path for a socket file, in a directory that is gone afterwards. */
export const freshPath: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "duct-test-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true }))
).pipe(Effect.map((directory) => path.join(directory, "duct")))

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

/** A message parent and child of JSON, connected as two processes would be. */
export const connected = (kind: Kind, settings: MessageDuct.Settings = {}) =>
  connectedWith(kind, { serializer: Serializer.json(), ...settings })

/** The same in another format. */
export const connectedWith = <A>(
  kind: Kind,
  options: MessageDuct.Settings & { readonly serializer: Serializer.Serializer<A> }
) =>
  Effect.gen(function* () {
    const parent = yield* MessageDuct.parent({ ...options, ...kind.anywhere })
    yield* parent.bind()
    const child = yield* MessageDuct.child({ ...options, address: yield* parent.listenerAddress })
    yield* child.connect()
    yield* parent.listen()
    return { parent, child }
  })

/** A message duct, and the raw other end, where the test writes and reads bytes by hand. */
export const byHand = <In = unknown>(
  kind: Pick<Kind, "anywhere">,
  settings: MessageDuct.Settings = {},
  serializer: Serializer.Serializer<unknown, In | unknown> = Serializer.json()
) =>
  Effect.gen(function* () {
    const parent = yield* RawDuct.parent({ ...kind.anywhere, ...timeoutOf(settings) })
    yield* parent.bind()
    const hand = yield* RawDuct.child({ address: yield* parent.listenerAddress })
    yield* hand.connect()
    yield* parent.listen()
    return { hand, duct: yield* MessageDuct.fromRaw(parent, { ...settings, serializer }) }
  })

const timeoutOf = ({ timeout }: MessageDuct.Settings) => (timeout === undefined ? {} : { timeout })

/** A frame of the ductworks wire, with the length as given. */
export const frameOf = (payload: string | Uint8Array, length?: number): Buffer => {
  const body = Buffer.from(payload)
  const header = Buffer.from([0x54, 0, 0, 0, 0])
  header.writeUInt32BE(length ?? body.length, 1)
  return Buffer.concat([header, body])
}

export const json = (...messages: ReadonlyArray<unknown>): Buffer =>
  Buffer.concat(messages.map((message) => frameOf(JSON.stringify(message))))

/** Gives the event loop a turn: what the system has already done becomes visible. */
export const turn: Effect.Effect<void> = Effect.async((resume) => {
  setImmediate(() => resume(Effect.void))
})
