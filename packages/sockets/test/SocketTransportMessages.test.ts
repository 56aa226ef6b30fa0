import type { Connection } from "@ductworks/core"
import { Transport } from "@ductworks/core/Transport"
import { wakes } from "@ductworks/core/Wakes"
import { MessageDuct, Serializer } from "@ductworks/message"
import { NodeChild } from "@ductworks/platform-node"
import * as SocketTransport from "@ductworks/sockets/SocketTransport"
import { checkMessageDuct, type CheckMessageDuctOptions } from "@ductworks/testing"
import { Command } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { Echo } from "./fixtures/transport/contract.js"
import { fixture, live, loopback, python } from "./support/transport.js"

const conforms = (transport: string, options: CheckMessageDuctOptions) =>
  describe(`native message ducts over ${transport}`, () => {
    for (const check of checkMessageDuct(options)) {
      it.live(`DW-42 law ${check.law}: ${check.name} (${transport}, native)`, () =>
        Effect.provide(check.run, SocketTransport.layer)
      )
    }
  })

conforms("unix", {})

conforms("tcp", {
  // The kernel's own buffers for TCP grow to several MiB a connection (net.ipv4.tcp_rmem, tcp_wmem).
  maxAcceptedBytes: 16 * 1024 * 1024,
  connected: (left, right, options) =>
    Effect.gen(function* () {
      const format = { ...options, serializer: Serializer.json() }
      const parent = yield* Scope.extend(MessageDuct.parent({ ...format, address: loopback }), right)
      yield* parent.bind()
      const child = yield* Scope.extend(MessageDuct.child({ ...format, address: yield* parent.listenerAddress }), left)
      yield* child.connect()
      assert.isTrue(yield* parent.listen())
      return [child, parent] as const
    })
})

describe("processes of contracts", () => {
  for (const transport of ["fd", "unix", "tcp"] as const) {
    it.scopedLive(`EX-5 a child that NodeChild starts may talk over native sockets (${transport}, native)`, () =>
      Effect.gen(function* () {
        const child = yield* NodeChild.spawn(Echo, Command.make(process.execPath, fixture("child")), { transport })
        for (let index = 0; index < 100; index++) {
          yield* child.send({ value: index })
          assert.deepStrictEqual(yield* child.recv, { value: index })
        }
        yield* child.close()
        assert.deepStrictEqual(yield* child.exit, { code: 0, signal: undefined })
      })
    )
  }

  live(
    "EX-5 a parent over native sockets starts children whose ducts are Node's own",
    Effect.gen(function* () {
      const [one, other] = yield* MessageDuct.pair()
      const child = yield* NodeChild.spawn(Echo, Command.make(process.execPath, fixture("child")))
      yield* one.send("through here")
      yield* child.send({ value: yield* other.recv })
      assert.deepStrictEqual(yield* child.recv, { value: "through here" })
    })
  )

  it.scopedLive("what is sent leaves before a read spins for its answer (native)", () =>
    Effect.gen(function* () {
      const parent = yield* MessageDuct.parent()
      yield* parent.bind()
      const address = yield* parent.listenerAddress
      const path = address._tag === "UnixAddress" ? address.path : ""
      yield* python([
        "import socket",
        "s = socket.socket(socket.AF_UNIX)",
        `s.connect(${JSON.stringify(path)})`,
        "while True:",
        "  data = s.recv(65536)",
        "  if not data: break",
        "  s.sendall(data)"
      ])
      assert.isTrue(yield* parent.listen())
      // Were each answer waited for as long as a read may spin, this would take minutes.
      for (let index = 0; index < 200; index++) {
        yield* parent.send(index)
        assert.strictEqual(yield* parent.recv, index)
      }
    }).pipe(Effect.provide(SocketTransport.layerWith({ busyPoll: "1 second" })))
  )

  it.scopedLive("busyPoll is bounded: a read that finds nothing waits, and others go on meanwhile (native)", () =>
    Effect.gen(function* () {
      const [one, other] = yield* MessageDuct.pair()
      const receiving = yield* Effect.fork(one.recv)
      yield* Effect.yieldNow()
      assert.isNull(receiving.unsafePoll())
      yield* other.send("late")
      assert.strictEqual(yield* Fiber.join(receiving), "late")
    }).pipe(Effect.provide(SocketTransport.layerWith({ busyPoll: "2 millis" })))
  )
})

describe("question and answer", () => {
  live(
    "what was answered at once is read in the same event, and what is sent then leaves at once, too",
    Effect.gen(function* () {
      const transport = yield* Transport
      const [one, other] = yield* transport.pair()
      const buffer = new Uint8Array(64)
      const send = (from: Connection.Connection, length: number) => Effect.runSync(from.write([new Uint8Array(length)]))
      const event = wakes.within(() => {
        send(one, 1)
        const taken = [other.takeInto?.(buffer)]
        send(other, 2)
        taken.push(one.takeInto?.(buffer))
        send(one, 3)
        return [...taken, other.takeInto?.(buffer), other.takeInto?.(buffer)]
      })
      assert.deepStrictEqual(event(), [1, 2, 3, undefined])
    })
  )
})

describe("what the system keeps for an end that does not read", () => {
  const kept = (settings: SocketTransport.Options) =>
    Effect.gen(function* () {
      const transport = yield* Transport
      const [one, other] = yield* transport.pair()
      yield* one.write([new Uint8Array(4 * 1024 * 1024)])
      const piece = new Uint8Array(64 * 1024)
      let total = 0
      // All at once: more is sent only when the event loop goes round.
      for (let taken = other.takeInto?.(piece); typeof taken === "number"; taken = other.takeInto?.(piece))
        total += taken
      yield* one.abort
      return total
    }).pipe(Effect.scoped, Effect.provide(SocketTransport.layerWith(settings)))

  it.live("is what sendBufferBytes says, within what the system allows, and odd values are no harm (native)", () =>
    Effect.gen(function* () {
      const usual = yield* kept({})
      assert.isAbove(usual, 256 * 1024)
      assert.isAtMost(usual, 1024 * 1024)
      const small = yield* kept({ sendBufferBytes: 64 * 1024 })
      assert.isAtMost(small, usual / 2)
      for (const odd of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
        assert.isAbove(yield* kept({ sendBufferBytes: odd }), 0)
      }
    })
  )
})
