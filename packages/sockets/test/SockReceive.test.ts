import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import { NativeSockets, Sock } from "../src/index.js"
import { AF, MSG, SHUT, SOCK } from "../src/SocketConstants.js"
import { both, bytes, connected, native, pattern, settled, text } from "./support/suite.js"

const lengths = (pieces: ReadonlyArray<Uint8Array>) => pieces.map(({ length }) => length)

/** A connection over which the bytes came, and then the end. */
const ended = (data: Uint8Array) =>
  Effect.gen(function* () {
    const [client, server] = yield* connected()
    yield* client.send(data)
    yield* client.shutdown(SHUT.WR)
    return server
  })

describe("recv", () => {
  both(
    "SH-22 recv gives at most what was asked for, then the rest, then nothing at the end of the stream",
    Effect.gen(function* () {
      const server = yield* ended(bytes("hello world"))
      assert.strictEqual(text(yield* server.recv(5)), "hello")
      assert.strictEqual(text(yield* server.read(100)), " world")
      assert.strictEqual((yield* server.recv(100)).length, 0)
      assert.strictEqual((yield* server.recv(100)).length, 0)
    })
  )

  both(
    "SH-22 recv waits for the first byte",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const waiting = yield* Effect.fork(server.recv(10))
      yield* settled
      assert.isNull(waiting.unsafePoll())
      yield* client.send(bytes("now"))
      assert.strictEqual(text(yield* Fiber.join(waiting)), "now")
    })
  )

  both(
    "SH-22 recv of nothing is nothing, without waiting",
    Effect.gen(function* () {
      const [, server] = yield* connected()
      assert.strictEqual((yield* server.recv(0)).length, 0)
      assert.strictEqual((yield* server.recvExact(0)).length, 0)
      assert.deepStrictEqual(yield* server.readv([]), [])
    })
  )

  both(
    "SH-22 what recv gives is the caller's own memory",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* client.send(bytes("aaaa"))
      const first = yield* server.recv(4)
      yield* client.send(bytes("bbbb"))
      const second = yield* server.recv(4)
      first.fill(120)
      assert.strictEqual(text(second), "bbbb")
    })
  )

  both(
    "SH-22 MSG.PEEK leaves the bytes, MSG.DONTWAIT does not wait, MSG.WAITALL waits for all",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const failure = yield* Effect.flip(server.recv(1, MSG.DONTWAIT))
      assert.propertyVal(failure, "code", "EAGAIN")
      yield* client.send(bytes("peek"))
      yield* server.waitForRead
      assert.strictEqual(text(yield* server.recv(2, MSG.PEEK)), "pe")
      assert.strictEqual(text(yield* server.recv(9, MSG.DONTWAIT)), "peek")
      const all = yield* Effect.fork(server.recv(8, MSG.WAITALL))
      yield* client.send(bytes("four"))
      yield* settled
      assert.isNull(all.unsafePoll())
      yield* client.send(bytes("more"))
      assert.strictEqual(text(yield* Fiber.join(all)), "fourmore")
      const rest = yield* Effect.fork(server.recv(8, MSG.WAITALL))
      yield* client.send(bytes("end"))
      yield* client.shutdown(SHUT.WR)
      assert.strictEqual(text(yield* Fiber.join(rest)), "end")
    })
  )

  both(
    "SH-24 SH-25 MSG.WAITALL waits for all, into a buffer and with the sender, too",
    Effect.gen(function* () {
      const buffer = new Uint8Array(9)
      const receives: ReadonlyArray<(sock: Sock.Sock) => Effect.Effect<Uint8Array, unknown>> = [
        (sock) =>
          Effect.map(sock.recvInto(buffer, { nbytes: 8, flags: MSG.WAITALL }), (count) => buffer.slice(0, count)),
        (sock) => Effect.map(sock.recvfrom(8, MSG.WAITALL), ([data]) => data),
        (sock) =>
          Effect.map(sock.recvfromInto(buffer, { nbytes: 8, flags: MSG.WAITALL }), ([count]) => buffer.slice(0, count))
      ]
      for (const receive of receives) {
        const [client, server] = yield* connected()
        yield* client.send(bytes("four"))
        yield* server.waitForRead
        const all = yield* Effect.fork(receive(server))
        yield* settled
        assert.isNull(all.unsafePoll())
        yield* client.send(bytes("more"))
        assert.strictEqual(text(yield* Fiber.join(all)), "fourmore")
        yield* client.send(bytes("kept"))
        yield* server.waitForRead
        const interrupted = yield* Effect.fork(receive(server))
        yield* settled
        yield* Fiber.interrupt(interrupted)
        yield* client.shutdown(SHUT.WR)
        assert.strictEqual(text(yield* receive(server)), "kept")
        assert.strictEqual((yield* receive(server)).length, 0)
      }
    })
  )

  native(
    "SH-22 MSG.OOB receives the urgent byte apart from the others",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* client.send(bytes("a!"), MSG.OOB)
      assert.strictEqual(text(yield* server.recvExact(1)), "a")
      assert.strictEqual(text(yield* server.recv(1, MSG.OOB)), "!")
    })
  )

  both(
    "SH-22 SH-24 counts that are none are typed errors, and nothing is received",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* client.send(bytes("safe"))
      const buffer = new Uint8Array(4)
      const wrong = (count: number): ReadonlyArray<Effect.Effect<unknown, unknown>> => [
        server.recv(count),
        server.recvExact(count),
        server.readv([1, count]),
        server.recvfrom(count),
        server.recvInto(buffer, { nbytes: count })
      ]
      for (const count of [-1, 1.5, NaN, Infinity, 64 * 1024 * 1024 + 1, 2 ** 53]) {
        for (const receive of wrong(count)) {
          assert.propertyVal(yield* Effect.flip(receive), "_tag", "InvalidArgument")
        }
      }
      assert.propertyVal(yield* Effect.flip(server.recvInto(buffer, { nbytes: 5 })), "_tag", "InvalidArgument")
      assert.propertyVal(yield* Effect.flip(server.recvInto(new Uint8Array(0))), "_tag", "InvalidArgument")
      assert.propertyVal(yield* Effect.flip(server.recvInto(buffer, { flags: 0.5 })), "_tag", "InvalidArgument")
      assert.strictEqual(text(yield* server.recvExact(4)), "safe")
    })
  )

  both(
    "SH-23 a large count costs no more memory than what arrives",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const before = process.memoryUsage().arrayBuffers
      const waiting = yield* Effect.fork(server.recvExact(64 * 1024 * 1024))
      yield* client.send(bytes("little"))
      yield* settled
      assert.isBelow(process.memoryUsage().arrayBuffers - before, 8 * 1024 * 1024)
      yield* Fiber.interrupt(waiting)
      assert.strictEqual(text(yield* server.recvExact(6)), "little")
    })
  )
})

describe("recvInto", () => {
  both(
    "SH-24 recvInto writes where it was told, at most as much as was asked for; 0 is the whole buffer",
    Effect.gen(function* () {
      const server = yield* ended(bytes("abcdefgh"))
      const memory = new Uint8Array(12).fill(46)
      assert.strictEqual(yield* server.recvInto(memory.subarray(2, 8), { nbytes: 3 }), 3)
      assert.strictEqual(text(memory), "..abc.......")
      assert.strictEqual(yield* server.recvInto(memory, { nbytes: 0 }), 5)
      assert.strictEqual(text(memory), "defgh.......")
      assert.strictEqual(yield* server.recvInto(memory), 0)
    })
  )

  both(
    "SH-24 recvInto peeks and does not wait where it is told so",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const buffer = new Uint8Array(4)
      assert.propertyVal(yield* Effect.flip(server.recvInto(buffer, { flags: MSG.DONTWAIT })), "code", "EAGAIN")
      yield* client.send(bytes("four"))
      yield* server.waitForRead
      assert.strictEqual(yield* server.recvInto(buffer, { flags: MSG.PEEK }), 4)
      assert.strictEqual(yield* server.recvInto(buffer, { flags: MSG.DONTWAIT }), 4)
    })
  )

  both(
    "SH-23 recvExactInto fills the buffer, across pieces and turns",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const data = pattern(1024 * 1024)
      const buffer = new Uint8Array(data.length)
      const receiving = yield* Effect.fork(server.recvExactInto(buffer))
      yield* client.send(data)
      assert.strictEqual(yield* Fiber.join(receiving), data.length)
      assert.deepStrictEqual(buffer, data)
      assert.strictEqual(yield* server.recvExactInto(new Uint8Array(0)), 0)
    })
  )

  both(
    "SH-23 recvExactInto at the end of the stream says how far it came",
    Effect.gen(function* () {
      const server = yield* ended(bytes("short"))
      const failure = yield* Effect.flip(server.recvExactInto(new Uint8Array(8)))
      assert.strictEqual(failure._tag === "EndOfFile" ? text(failure.partial) : failure._tag, "short")
      assert.strictEqual((yield* server.recv(8)).length, 0)
    })
  )

  native(
    "SH-24 a buffer that was transferred or shrunk while it waited is a typed error",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const buffer = new Uint8Array(8)
      const waiting = yield* Effect.fork(Effect.flip(server.recvExactInto(buffer)))
      yield* settled
      structuredClone(buffer, { transfer: [buffer.buffer] })
      yield* client.send(bytes("12345678"))
      assert.propertyVal(yield* Fiber.join(waiting), "_tag", "InvalidArgument")
      assert.strictEqual(text(yield* server.recvExact(8)), "12345678")
      assert.propertyVal(yield* Effect.flip(server.recvInto(buffer)), "_tag", "InvalidArgument")
    })
  )
})

describe("recvExact", () => {
  both(
    "SH-23 recvExact loops until all bytes are here",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const receiving = yield* Effect.fork(server.recvExact(9))
      for (const piece of ["one", "two", "thr"]) {
        yield* client.send(bytes(piece))
        yield* settled
      }
      assert.strictEqual(text(yield* Fiber.join(receiving)), "onetwothr")
    })
  )

  both(
    "SH-23 recvExact at the end of the stream fails with the bytes that were there",
    Effect.gen(function* () {
      const server = yield* ended(bytes("part"))
      const failure = yield* Effect.flip(server.recvExact(10))
      if (failure._tag !== "EndOfFile") return assert.fail(failure._tag)
      assert.strictEqual(text(failure.partial), "part")
      assert.strictEqual(failure.expected, 10)
      assert.strictEqual((yield* server.recv(10)).length, 0)
    })
  )

  both(
    "SH-23 an interrupted recvExact leaves what arrived to the next receive, of any kind",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const interrupted = (receive: Effect.Effect<unknown, unknown>) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(receive)
          yield* client.send(bytes("abc"))
          yield* Effect.repeat(settled, { times: 3 })
          yield* server.waitForRead.pipe(Effect.catchTag("SocketBusy", () => Effect.void))
          yield* Fiber.interrupt(fiber)
        })
      yield* interrupted(server.recvExact(100))
      assert.strictEqual(text(yield* server.recvExact(3)), "abc")
      yield* interrupted(server.readv([50, 50]))
      assert.strictEqual(text(yield* server.recv(3)), "abc")
      yield* interrupted(server.recvExactInto(new Uint8Array(100)))
      const buffer = new Uint8Array(3)
      assert.strictEqual(yield* server.recvExactInto(buffer), 3)
      assert.strictEqual(text(buffer), "abc")
      yield* interrupted(server.recv(100, MSG.WAITALL))
      assert.strictEqual(yield* server.recvInto(buffer), 3)
      assert.strictEqual(text(yield* Effect.zipRight(client.send(bytes("d")), server.recvExact(1))), "d")
    })
  )
})

describe("readv", () => {
  both(
    "SH-26 readv after 5 and 9 bytes with sizes 5, 5, 3, 7 gives 5, 5, 3, 1",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const reading = yield* Effect.fork(server.readv([5, 5, 3, 7]))
      yield* client.send(bytes("12345"))
      yield* settled
      yield* client.send(bytes("123456789"))
      yield* client.shutdown(SHUT.WR)
      const pieces = yield* Fiber.join(reading)
      assert.deepStrictEqual(lengths(pieces), [5, 5, 3, 1])
      assert.strictEqual(pieces.map(text).join("|"), "12345|12345|678|9")
    })
  )

  both(
    "SH-26 readv of 10 after 5 gives one of 5; of 5, 2, 8 after nothing gives none",
    Effect.gen(function* () {
      assert.deepStrictEqual(lengths(yield* (yield* ended(bytes("12345"))).readv([10])), [5])
      assert.deepStrictEqual(yield* (yield* ended(bytes(""))).readv([5, 2, 8]), [])
    })
  )

  both(
    "SH-26 readv fills all sizes, also those of 0, and leaves the rest",
    Effect.gen(function* () {
      const server = yield* ended(bytes("abcdef"))
      assert.deepStrictEqual((yield* server.readv([2, 0, 3])).map(text), ["ab", "", "cde"])
      assert.strictEqual(text(yield* server.recv(9)), "f")
      assert.propertyVal(
        yield* Effect.flip(server.readv([40 * 1024 * 1024, 40 * 1024 * 1024])),
        "_tag",
        "InvalidArgument"
      )
    })
  )
})

describe("recvfrom", () => {
  both(
    "SH-25 recvfrom and recvfromInto of a stream name the other end",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* client.send(bytes("abcd"))
      const address = yield* client.getsockname
      const [data, from] = yield* server.recvfrom(2)
      assert.deepStrictEqual([text(data), from], ["ab", address])
      const buffer = new Uint8Array(4)
      assert.deepStrictEqual(yield* server.recvfromInto(buffer), [2, address])
      yield* client.close
      assert.strictEqual((yield* server.recvfrom(2))[0].length, 0)
    })
  )

  for (const domain of [AF.INET, AF.INET6]) {
    both(
      `SH-25 SH-29 datagrams come whole, with their sender, and are cut to what was asked for (domain ${domain})`,
      Effect.gen(function* () {
        const any = domain === AF.INET6 ? "::1" : "127.0.0.1"
        const server = yield* Sock.sock({ domain, type: SOCK.DGRAM })
        yield* server.bind([any, 0])
        const client = yield* Sock.sock({ domain, type: SOCK.DGRAM })
        yield* client.bind([any, 0])
        const address = yield* server.getsockname
        for (const data of ["one", "", "three"]) {
          assert.strictEqual(yield* client.sendto(bytes(data), address), data.length)
        }
        const from = yield* client.getsockname
        assert.deepStrictEqual(yield* server.recvfrom(100), [bytes("one"), from])
        assert.deepStrictEqual(yield* server.recvfrom(100), [new Uint8Array(0), from])
        assert.deepStrictEqual(yield* server.recvfromInto(new Uint8Array(2)), [2, from])
        assert.propertyVal(yield* Effect.flip(server.recvfrom(1, MSG.DONTWAIT)), "code", "EAGAIN")
      })
    )
  }
})

it.live("SH-22 SH-23 SH-24 SH-26 any receives after each other give the bytes in order (native)", () =>
  Effect.promise(() =>
    FastCheck.assert(
      FastCheck.asyncProperty(
        FastCheck.array(FastCheck.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 }),
        FastCheck.array(
          FastCheck.tuple(FastCheck.integer({ min: 0, max: 5 }), FastCheck.integer({ min: 1, max: 900 })),
          {
            minLength: 1,
            maxLength: 30
          }
        ),
        (sent, receives) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const [one, two] = yield* Sock.socketpair()
              const total = sent.reduce((sum, length) => sum + length, 0)
              const data = pattern(total)
              const sending = Effect.gen(function* () {
                let at = 0
                for (const length of sent) yield* one.send(data.subarray(at, (at += length)))
                yield* one.shutdown(SHUT.WR)
              })
              yield* Effect.fork(sending)
              const received: Array<Uint8Array> = []
              for (const [kind, count] of receives) received.push(...(yield* receive(two, kind, count)))
              for (let rest = yield* two.recv(4096); rest.length > 0; rest = yield* two.recv(4096)) received.push(rest)
              assert.deepStrictEqual(Buffer.concat(received), Buffer.from(data))
            }).pipe(Effect.scoped, Effect.provide(NativeSockets.layer))
          )
      ),
      { numRuns: 60 }
    )
  )
)

/** One of the ways to receive; one that is interrupted before its end gives nothing. */
const receive = (sock: Sock.Sock, kind: number, count: number): Effect.Effect<Array<Uint8Array>, unknown> => {
  const buffer = new Uint8Array(count)
  const partial = Effect.catchTag(sock.recvExact(count), "EndOfFile", (end) => Effect.succeed(end.partial))
  const into = Effect.map(sock.recvInto(buffer), (length) => [buffer.subarray(0, length)])
  const exactInto = Effect.map(sock.recvExactInto(buffer), (length) => [buffer.subarray(0, length)])
  switch (kind) {
    case 0:
      return Effect.map(sock.recv(count), (bytes) => [bytes])
    case 1:
      return Effect.map(partial, (bytes) => [bytes])
    case 2:
      return into
    case 3:
      return sock.readv([Math.floor(count / 2), count - Math.floor(count / 2)])
    case 4:
      return Effect.catchTag(exactInto, "EndOfFile", (end) => Effect.succeed([end.partial]))
    default:
      return Effect.gen(function* () {
        const fiber = yield* Effect.fork(partial)
        yield* settled
        const exit = yield* Fiber.interrupt(fiber)
        return Exit.isSuccess(exit) ? [exit.value] : []
      })
  }
}
