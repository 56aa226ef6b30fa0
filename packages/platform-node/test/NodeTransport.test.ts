import { Address } from "@ductworks/core"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { concat, drain, ends, live, text } from "./support/transport.js"

const families = [
  ["Unix", Option.none()],
  ["TCP over IPv4", Option.some(Address.TcpAddress("127.0.0.1", 0))],
  ["TCP over IPv6", Option.some(Address.TcpAddress("::1", 0))],
  ["TCP by name", Option.some(Address.TcpAddress("localhost", 0))]
] as const

for (const [family, address] of families) {
  describe(family, () => {
    live(
      "DW-36 addresses are those asked for, with the actual port",
      Effect.gen(function* () {
        const { child, listener, parent } = yield* ends(address)
        assert.deepStrictEqual(child.remoteAddress, listener.address)
        assert.deepStrictEqual(parent.localAddress, listener.address)
        if (listener.address._tag === "TcpAddress" && Option.isSome(address)) {
          assert.isAbove(listener.address.port, 0)
          assert.strictEqual(listener.address.hostname, address.value.hostname)
          assert.deepStrictEqual(parent.remoteAddress, child.localAddress)
        } else {
          assert.deepStrictEqual(parent.remoteAddress, Address.UnixAddress(""))
          assert.deepStrictEqual(child.localAddress, Address.UnixAddress(""))
        }
      })
    )

    live(
      "DW-13 fileno is the connection's own descriptor",
      Effect.gen(function* () {
        const { child, parent } = yield* ends(address)
        const numbers = [child, parent].map(({ fileno }) => Option.getOrElse(fileno, () => -1))
        assert.notStrictEqual(numbers[0], numbers[1])
        for (const fd of numbers) assert.isTrue(fs.fstatSync(fd).isSocket())
      })
    )

    live(
      "DW-35 a send to a peer that is gone fails RemoteDuctClosed with its cause, and what it sent is still received",
      Effect.gen(function* () {
        const { child, childScope, parent } = yield* ends(address)
        yield* child.write([new Uint8Array(100_000).fill(7)])
        yield* child.flush
        yield* Scope.close(childScope, Exit.void)
        const failure = yield* Effect.flip(
          Effect.forever(Effect.zipRight(parent.write([text.encode("x")]), parent.flush))
        )
        assert.strictEqual(failure._tag, "RemoteDuctClosed")
        if (failure._tag === "RemoteDuctClosed") {
          assert.include(["EPIPE", "ECONNRESET"], failure.code)
          assert.instanceOf(failure.cause, Error)
        }
        const { bytes } = yield* drain(parent)
        assert.strictEqual(bytes.length, 100_000)
      })
    )

    live(
      "DW-17 DW-18 a successful close lingers until the bytes have left",
      Effect.gen(function* () {
        const { child, childScope, parent } = yield* ends(address)
        const sent = concat(Array.from({ length: 64 }, (_, index) => new Uint8Array(64 * 1024).fill(index)))
        yield* child.write([sent])
        const close = yield* Effect.fork(Scope.close(childScope, Exit.void))
        const { bytes, end } = yield* drain(parent)
        yield* Fiber.join(close)
        assert.isTrue(sent.equals(bytes))
        assert.strictEqual(end._tag, "RemoteDuctClosed")
      })
    )

    live(
      "DW-17 DW-18 nothing that was sent is lost when a duct is closed with input that nobody read",
      Effect.gen(function* () {
        const { child, childScope, parent } = yield* ends(address)
        yield* parent.write([new Uint8Array(300_000)])
        yield* child.readable
        const farewell = concat(Array.from({ length: 16 }, (_, index) => new Uint8Array(16 * 1024).fill(index)))
        yield* child.write([farewell])
        const close = yield* Effect.fork(Scope.close(childScope, Exit.void))
        const { bytes } = yield* drain(parent)
        yield* Fiber.join(close)
        assert.isTrue(farewell.equals(bytes))
      })
    )

    live(
      "DW-21 closing a connection that the peer has reset is no error",
      Effect.gen(function* () {
        const { child, childScope, parent } = yield* ends(address)
        yield* child.write([text.encode("x")])
        yield* parent.abort
        yield* Effect.flip(drain(child).pipe(Effect.flatMap(({ end }) => Effect.fail(end))))
        yield* Scope.close(childScope, Exit.void)
        yield* Scope.close(childScope, Exit.void)
      })
    )

    live(
      "an endWrite shows as the end of the stream, and the other direction goes on",
      Effect.gen(function* () {
        const { child, parent } = yield* ends(address)
        yield* child.write([new Uint8Array(1_000_000).fill(3)])
        const ending = yield* Effect.fork(child.endWrite)
        const { bytes, end } = yield* drain(parent)
        yield* Fiber.join(ending)
        assert.strictEqual(bytes.length, 1_000_000)
        assert.strictEqual(end._tag, "RemoteDuctClosed")
        yield* parent.write([text.encode("still here")])
        assert.strictEqual(concat(yield* child.pull).toString(), "still here")
      })
    )

    live(
      "small and large pieces written in one turn arrive in order",
      Effect.gen(function* () {
        const { child, parent } = yield* ends(address)
        const pieces = Array.from({ length: 3000 }, (_, index) =>
          new Uint8Array(index % 500 === 499 ? 20_000 : (index % 7) + 1).fill(index % 251)
        )
        const writer = yield* Effect.fork(
          Effect.zipRight(
            Effect.forEach(pieces, (piece) => child.write([piece]), { discard: true }),
            child.endWrite
          )
        )
        const { bytes } = yield* drain(parent)
        yield* Fiber.join(writer)
        assert.isTrue(concat(pieces).equals(bytes))
      })
    )

    live(
      "chunks belong to the caller: later reads do not change them",
      Effect.gen(function* () {
        const { child, parent } = yield* ends(address)
        const seen: Array<Uint8Array> = []
        for (const size of [1, 64, 65, 4095, 4096, 100_000]) {
          yield* child.write([new Uint8Array(size).fill(size % 251)])
          for (let got = 0; got < size;) {
            for (const chunk of yield* parent.pull) {
              seen.push(chunk)
              got += chunk.length
              assert.isAtMost(chunk.buffer.byteLength, Math.max(8192, chunk.length))
            }
          }
        }
        const expected = [1, 64, 65, 4095, 4096, 100_000].map((size) => new Uint8Array(size).fill(size % 251))
        assert.isTrue(concat(expected).equals(concat(seen)))
      })
    )

    live(
      "readAhead bounds what is read before it is asked for",
      Effect.gen(function* () {
        const { child, parent } = yield* ends(address, { readAhead: 1000 })
        yield* Effect.fork(child.write([new Uint8Array(100_000)]))
        let received = 0
        while (received < 100_000) {
          const size = concat(yield* parent.pull).length
          assert.isAtMost(size, 2000)
          received += size
        }
      })
    )
  })
}
