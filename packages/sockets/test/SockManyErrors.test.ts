import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { constants } from "node:os"
import type { Binding } from "../src/internal/binding.js"
import { nativePorts } from "../src/internal/nativePorts.js"
import { nativeSystem } from "../src/internal/nativePort.js"
import { makeSockets } from "../src/internal/sock/sockets.js"
import type { Sock } from "../src/Sock.js"
import { AF, MSG, SOCK } from "../src/SocketConstants.js"
import type { ArgumentError } from "../src/SocketError.js"
import { addon } from "./support/addon.js"
import { bytes, text } from "./support/suite.js"

/** The addon, whose nth receive of many fails. */
class Failing {
  private left = 0

  fail(nth: number): void {
    this.left = nth
  }

  readonly recvmmsg: Binding["recvmmsg"] = (...args) =>
    --this.left === 0 ? -constants.errno.ECONNRESET : addon.recvmmsg(...args)
}

// A thread has one of them: the addon calls one function for all.
const shared = new Failing()
const binding: Binding = { ...addon, recvmmsg: shared.recvmmsg }
const sockets = makeSockets(nativePorts(nativeSystem(binding, 0)), { maxImmediate: 64, isSpinning: false })

const buffers = Array.from({ length: 4 }, () => new Uint8Array(16))
const receive = (sock: Sock) =>
  Effect.map(sock.recvmmsg(buffers), (received) =>
    received.map(([count], at) => text(buffers[at]?.subarray(0, count) ?? bytes("?")))
  )

const ways: ReadonlyArray<readonly [name: string, way: (sock: Sock) => Effect.Effect<unknown, ArgumentError>]> = [
  ["recvfrom", (sock) => sock.recvfrom(1)],
  ["recv that does not wait", (sock) => sock.recv(1, MSG.DONTWAIT)],
  ["recvSegments", (sock) => sock.recvSegments(new Uint8Array(1))],
  ["waitForRead", (sock) => sock.waitForRead]
]

describe("an error after some datagrams", () => {
  for (const [name, way] of ways) {
    it.scopedLive(`SH-25 it is told by the next receive, once: ${name} (native)`, () =>
      Effect.gen(function* () {
        // Packets are received one by one.
        const [one, two] = yield* sockets.socketpair(AF.UNIX, SOCK.SEQPACKET)
        yield* one.sendmmsg(["a", "b", "c", "d"].map(bytes))
        shared.fail(3)
        assert.deepStrictEqual(yield* receive(two), ["a", "b"])
        assert.propertyVal(yield* Effect.flip(way(two)), "code", "ECONNRESET")
        assert.deepStrictEqual(yield* receive(two), ["c", "d"])
      })
    )
  }

  it.scopedLive("SH-12 who sends is not told it (native)", () =>
    Effect.gen(function* () {
      const [one, two] = yield* sockets.socketpair(AF.UNIX, SOCK.SEQPACKET)
      yield* one.sendmmsg(["a", "b"].map(bytes))
      shared.fail(2)
      assert.deepStrictEqual(yield* receive(two), ["a"])
      assert.strictEqual(yield* two.send(bytes("answer")), 6)
      assert.propertyVal(yield* Effect.flip(receive(two)), "code", "ECONNRESET")
      assert.deepStrictEqual(yield* receive(two), ["b"])
    })
  )
})
