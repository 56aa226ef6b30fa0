import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Sock } from "../src/index.js"
import { AF, MSG, SOCK } from "../src/SocketConstants.js"
import { socketpair, udpSock } from "../src/Sock.js"
import { both, bytes, connected, leave, native, settled, text } from "./support/suite.js"

const detach = (view: Uint8Array) => {
  if (view.buffer instanceof ArrayBuffer) structuredClone(view.buffer, { transfer: [view.buffer] })
}

/** Two Unix sockets of datagrams, and how many fill the second one's queue. */
const fullPair = Effect.gen(function* () {
  const [one, two] = yield* socketpair(AF.UNIX, SOCK.DGRAM)
  const fill = one.send(bytes("fill"), MSG.DONTWAIT)
  const count = yield* Effect.iterate(0, {
    while: (sent) => sent >= 0,
    body: (sent) => Effect.match(fill, { onSuccess: () => sent + 1, onFailure: () => -sent - 1 })
  })
  return [one, two, -count - 1] as const
})

const receives: ReadonlyArray<
  readonly [name: string, receive: (sock: Sock.Sock, buffer: Uint8Array) => Effect.Effect<unknown, unknown>]
> = [
  ["recvInto", (sock, buffer) => sock.recvInto(buffer)],
  ["recvInto", (sock, buffer) => sock.recvInto(buffer, { flags: MSG.PEEK })],
  ["recvfromInto", (sock, buffer) => sock.recvfromInto(buffer)],
  ["recvfromInto", (sock, buffer) => sock.recvfromInto(buffer, { flags: MSG.DONTWAIT })]
]

describe("memory that is transferred while it is lent", () => {
  both(
    "SH-24 SH-25 a receive that waits for a stream fails with InvalidArgument, and takes nothing",
    Effect.gen(function* () {
      for (const [, receive] of receives.slice(0, 3)) {
        const [client, server] = yield* connected()
        const buffer = new Uint8Array(8)
        const waiting = yield* Effect.fork(Effect.flip(receive(server, buffer)))
        yield* settled
        detach(buffer)
        yield* client.send(bytes("kept"))
        assert.propertyVal(yield* Fiber.join(waiting), "_tag", "InvalidArgument")
        assert.strictEqual(text(yield* server.recvExact(4)), "kept")
      }
    })
  )

  both(
    "SH-24 SH-25 so does one that finds what an interrupted receive has left",
    Effect.gen(function* () {
      for (const [operation, receive] of receives) {
        const [client, server] = yield* connected()
        yield* leave(client, server, "left")
        const buffer = new Uint8Array(8)
        const receiving = receive(server, buffer)
        detach(buffer)
        const failure = yield* Effect.flip(receiving)
        assert.propertyVal(failure, "_tag", "InvalidArgument")
        assert.propertyVal(failure, "operation", operation)
        assert.strictEqual(text(yield* server.recvExact(4)), "left")
      }
    })
  )

  both(
    "SH-25 a receive that waits for a datagram leaves it to the next",
    Effect.gen(function* () {
      const server = yield* udpSock
      yield* server.bind(["127.0.0.1", 0])
      const client = yield* udpSock
      const buffer = new Uint8Array(8)
      const waiting = yield* Effect.fork(Effect.flip(server.recvfromInto(buffer)))
      yield* settled
      detach(buffer)
      yield* client.sendto(bytes("kept"), yield* server.getsockname)
      assert.propertyVal(yield* Fiber.join(waiting), "_tag", "InvalidArgument")
      assert.strictEqual(text(yield* server.recv(8)), "kept")
    })
  )

  native(
    "SH-25 as does one for datagrams that are joined",
    Effect.gen(function* () {
      const [one, two] = yield* socketpair(AF.UNIX, SOCK.DGRAM)
      const buffer = new Uint8Array(8)
      const waiting = yield* Effect.fork(Effect.flip(two.recvSegments(buffer)))
      yield* settled
      detach(buffer)
      yield* one.send(bytes("kept"))
      assert.propertyVal(yield* Fiber.join(waiting), "_tag", "InvalidArgument")
      assert.strictEqual(text(yield* two.recv(8)), "kept")
    })
  )

  both(
    "SH-27 pieces that wait to be sent end in InvalidArgument, whichever of them it is",
    Effect.gen(function* () {
      for (const isAll of [true, false]) {
        const [client, server] = yield* connected()
        const pieces = Array.from({ length: 200 }, () => new Uint8Array(64 * 1024))
        const sending = yield* Effect.fork(Effect.flip(client.writev(pieces)))
        yield* settled
        for (const piece of isAll ? pieces : pieces.slice(199)) detach(piece)
        yield* Effect.fork(Effect.forever(server.recv(1024 * 1024)))
        assert.propertyVal(yield* Fiber.join(sending), "_tag", "InvalidArgument")
      }
    })
  )

  native(
    "SH-28 SH-29 a datagram that waits to be sent does not go without its bytes",
    Effect.gen(function* () {
      const sends: ReadonlyArray<(sock: Sock.Sock, data: Uint8Array) => Effect.Effect<unknown, unknown>> = [
        (sock, data) => sock.send(data),
        (sock, data) => sock.sendFds(data, [0])
      ]
      for (const send of sends) {
        const [one, two, filled] = yield* fullPair
        const data = bytes("data")
        const sending = yield* Effect.fork(Effect.flip(send(one, data)))
        yield* settled
        detach(data)
        for (let at = 0; at < filled; at++) assert.strictEqual(text(yield* two.recv(8)), "fill")
        assert.propertyVal(yield* Fiber.join(sending), "_tag", "InvalidArgument")
        assert.propertyVal(yield* Effect.flip(two.recv(8, MSG.DONTWAIT)), "code", "EAGAIN")
      }
    })
  )

  both(
    "SH-28 SH-29 nor one that does not wait",
    Effect.gen(function* () {
      const server = yield* udpSock
      yield* server.bind(["127.0.0.1", 0])
      const client = yield* udpSock
      const data = bytes("data")
      const sending = client.sendto(data, yield* server.getsockname, MSG.DONTWAIT)
      const [stream] = yield* connected()
      const streaming = stream.send(data, MSG.DONTWAIT)
      detach(data)
      assert.propertyVal(yield* Effect.flip(sending), "_tag", "InvalidArgument")
      assert.propertyVal(yield* Effect.flip(streaming), "_tag", "InvalidArgument")
    })
  )
})
