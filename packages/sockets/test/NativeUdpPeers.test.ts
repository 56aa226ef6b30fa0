import { Peer } from "@ductworks/peers/PeerTransport"
import { makeUdpPeers } from "@ductworks/platform-node/PeersKit"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { Binding } from "../src/internal/binding.js"
import { openUdp } from "../src/internal/peers/udpCarrier.js"
import { addon, EAGAIN, EMSGSIZE, EPERM } from "./support/addon.js"
import { endpointOf, until } from "./support/peers.js"

// What the system says, where this is not left to it. The addon calls one function a thread, so there is one such binding.
const told: { send: Array<number>; receive: number | undefined; sends: number } = {
  send: [],
  receive: undefined,
  sends: 0
}

const binding: Binding = {
  ...addon,
  sendto: (...call) => {
    told.sends += 1
    const isOpen = addon.fileno(call[0]) >= 0
    return (isOpen ? told.send.shift() : undefined) ?? addon.sendto(...call)
  },
  recvmmsg: (...call) => told.receive ?? addon.recvmmsg(...call)
}

/** Two sockets to a test; whatever the system is said to say is over with it. */
const pair = Effect.gen(function* () {
  yield* Effect.addFinalizer(() => Effect.sync(() => Object.assign(told, { send: [], receive: undefined, sends: 0 })))
  const made = makeUdpPeers({}, (host, port) => openUdp(binding, {}, host, port))
  const [server, client] = [yield* made, yield* made]
  return { server, client, to: Peer(endpointOf(server)) }
})

const bytes = Uint8Array.of(1, 2, 3)

describe("native UDP peers, where the system is full or fails", () => {
  it.scopedLive(
    "ST-38 a datagram waits for room, and then leaves; one that does not wait is refused (udp, native)",
    () =>
      Effect.gen(function* () {
        const { client, server, to } = yield* pair
        told.send = [-EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN]
        assert.isFalse(yield* client.offer(to, bytes))
        yield* client.send(to, bytes)
        assert.deepStrictEqual([told.send.length, told.sends], [0, 5])
        const [event] = yield* server.receive
        assert.deepInclude(event, { _tag: "Packet", packet: bytes })
      })
  )

  it.scopedLive("ST-38 many that wait for room all leave (udp, native)", () =>
    Effect.gen(function* () {
      const { client, server, to } = yield* pair
      told.send = new Array<number>(25).fill(-EAGAIN)
      yield* Effect.all(
        Array.from({ length: 10 }, () => client.send(to, bytes)),
        { concurrency: "unbounded" }
      )
      let received = 0
      while (received < 10) received += (yield* server.receive).length
      assert.strictEqual(received, 10)
    })
  )

  it.scopedLive(
    "ST-38 a send that was interrupted while it waited has taken nothing, and asks no more (udp, native)",
    () =>
      Effect.gen(function* () {
        const { client, server, to } = yield* pair
        told.send = new Array<number>(1000).fill(-EAGAIN)
        const waiting = yield* Effect.fork(client.send(to, bytes))
        yield* until(() => told.sends > 2)
        yield* Fiber.interrupt(waiting)
        told.send = []
        const { sends } = told
        yield* client.send(to, Uint8Array.of(9))
        const events = yield* server.receive
        assert.deepStrictEqual(
          events.map((event) => event._tag === "Packet" && event.packet),
          [Uint8Array.of(9)]
        )
        assert.strictEqual(told.sends, sends + 1)
      })
  )

  it.scopedLive(
    "ST-38 what the system refuses is told by the send itself, at once or after it waited (udp, native)",
    () =>
      Effect.gen(function* () {
        const { client, to } = yield* pair
        const refused = { _tag: "ConnectFailed", reason: "PermissionDenied", code: "EPERM", address: to.id } as const
        told.send = [-EPERM]
        assert.include(yield* Effect.flip(client.send(to, bytes)), refused)
        told.send = [-EAGAIN, -EAGAIN, -EPERM]
        assert.include(yield* Effect.flip(client.send(to, bytes)), refused)
        told.send = [-EPERM]
        assert.include(yield* Effect.flip(client.offer(to, bytes)), refused)
        told.send = [-EMSGSIZE]
        assert.include(yield* Effect.flip(client.send(to, bytes)), { _tag: "MessageTooLarge", size: 3 })
        yield* client.send(to, bytes)
      })
  )

  it.live("ST-38 who waits for room when the socket is closed is told so (udp, native)", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { client, to } = yield* Scope.extend(pair, scope)
      told.send = new Array<number>(1000).fill(-EAGAIN)
      const waiting = yield* Effect.fork(client.send(to, bytes))
      yield* until(() => told.sends > 0)
      yield* Scope.close(scope, Exit.void)
      assert.include(yield* Effect.flip(Fiber.join(waiting)), { _tag: "DuctClosed", operation: "send" })
      assert.include(yield* Effect.flip(client.send(to, bytes)), { _tag: "DuctClosed", operation: "send" })
      assert.include(yield* Effect.flip(client.receive), { _tag: "DuctClosed", operation: "receive" })
    })
  )

  it.scopedLive("ST-38 an error of the socket ends receiving, and says what it was (udp, native)", () =>
    Effect.gen(function* () {
      const { client, server, to } = yield* pair
      yield* client.send(to, bytes)
      told.receive = -EPERM
      const failed = { _tag: "LocalSocketFault", operation: "recv", code: "EPERM" } as const
      assert.include(yield* Effect.flip(server.receive), failed)
      assert.include(yield* Effect.flip(server.receive), failed)
    })
  )
})
