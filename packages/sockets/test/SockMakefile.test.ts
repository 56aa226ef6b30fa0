import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { Lines } from "../src/internal/sock/lines.js"
import { MSG, SHUT } from "../src/SocketConstants.js"
import { both, bytes, connected, leave, native, settled, text } from "./support/suite.js"

const collect = <A, E>(stream: Stream.Stream<A, E>) => Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

describe("makefile", () => {
  both(
    "SH-21 lines go in at one end and come out at the other",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const out = yield* client.makefile("w")
      const into = yield* server.makefile()
      const lines = ["first", "", "zwölf €", "last"]
      yield* Stream.run(Stream.fromIterable(lines), out.sink)
      yield* client.shutdown(SHUT.WR)
      assert.deepStrictEqual(yield* collect(into.stream), lines)
    })
  )

  both(
    "SH-21 bytes go in at one end and come out at the other, in pieces of at most the buffer's size",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const out = yield* client.makefile("wb", 0)
      const into = yield* server.makefile("rwb", 4)
      yield* Stream.run(Stream.make(bytes("hello "), bytes("world")), out.sink)
      yield* client.shutdown(SHUT.WR)
      const pieces = yield* collect(into.stream)
      assert.isTrue(pieces.every(({ length }) => length <= 4))
      assert.strictEqual(pieces.map(text).join(""), "hello world")
      yield* Stream.run(Stream.make(bytes("back")), into.sink)
      assert.strictEqual(text(yield* client.recvExact(4)), "back")
    })
  )

  both(
    "SH-21 a size of 0 holds nothing back, 1 holds what is no whole line, up to 8 KiB, more that many bytes, -1 is 8 KiB",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const sentBefore = (bufferSize: number | undefined, pieces: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          const { sink } = yield* client.makefile("wb", bufferSize)
          const given = Stream.concat(Stream.fromIterable(pieces.map(bytes)).pipe(Stream.rechunk(1)), Stream.never)
          const fiber = yield* Effect.fork(Stream.run(given, sink))
          yield* settled
          const here = yield* Effect.either(server.waitForRead.pipe(Effect.timeout("100 millis")))
          const data = here._tag === "Right" ? yield* server.recv(100_000, MSG.DONTWAIT) : new Uint8Array(0)
          yield* Fiber.interrupt(fiber)
          return text(data)
        })
      assert.strictEqual(yield* sentBefore(0, ["a"]), "a")
      assert.strictEqual(yield* sentBefore(1, ["a\n", "b"]), "a\n")
      assert.lengthOf(yield* sentBefore(1, ["x".repeat(8000), "", "y".repeat(192), "z"]), 8192)
      assert.strictEqual(yield* sentBefore(4, ["ab", "cd", "e"]), "abcd")
      assert.strictEqual(yield* sentBefore(undefined, ["held back"]), "")
      assert.lengthOf(yield* sentBefore(undefined, ["x".repeat(8192), "y"]), 8192)
    })
  )

  both(
    "SH-21 what was held back is sent when the sink ends",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const { sink } = yield* client.makefile("w", 1000)
      yield* Stream.run(Stream.make("one", "two"), sink)
      assert.strictEqual(text(yield* server.recvExact(8)), "one\ntwo\n")
    })
  )

  both(
    "SH-21 SH-23 what an interrupted receive has left comes first",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* leave(client, server, "one\ntw")
      yield* client.send(bytes("o\nthree"))
      yield* client.shutdown(SHUT.WR)
      const { stream } = yield* server.makefile("r")
      assert.deepStrictEqual(yield* collect(stream), ["one", "two", "three"])
    })
  )

  native(
    "SH-21 the file is over a dup: it works after the socket is closed, and the socket after the file is",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* Effect.scoped(
        Effect.flatMap(client.makefile("wb"), ({ sink }) => Stream.run(Stream.make(bytes("1")), sink))
      )
      yield* client.send(bytes("2"))
      const file = yield* client.makefile("wb")
      yield* client.close
      yield* Stream.run(Stream.make(bytes("3")), file.sink)
      assert.strictEqual(text(yield* server.recvExact(3)), "123")
    })
  )

  both(
    "SH-21 modes and sizes that are none, and the direction that was not opened, are typed errors",
    Effect.gen(function* () {
      const [client] = yield* connected()
      for (const size of [-2, 0.5, NaN, 65 * 1024 * 1024]) {
        assert.propertyVal(yield* Effect.flip(client.makefile("r", size)), "_tag", "InvalidArgument")
      }
      // @ts-expect-error: as a caller without types may
      assert.propertyVal(yield* Effect.flip(client.makefile("a")), "_tag", "InvalidArgument")
      const reading = yield* client.makefile("r")
      const failure = yield* Effect.flip(Stream.run(Stream.make("x"), reading.sink))
      assert.include(failure.message, "writing")
      const writing = yield* client.makefile("wb")
      assert.include((yield* Effect.flip(Stream.runDrain(writing.stream))).message, "reading")
    })
  )

  both(
    "SH-21 a line that does not end is bounded",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      const { stream } = yield* server.makefile("r")
      const sending = yield* Effect.fork(Effect.forever(client.send(new Uint8Array(65536).fill(97))))
      const failure = yield* Effect.flip(Stream.runDrain(stream))
      assert.propertyVal(failure, "_tag", "InvalidArgument")
      assert.include(failure.message, "1048576")
      yield* Fiber.interrupt(sending)
    })
  )
})

describe("lines", () => {
  it("SH-21 a mark of the byte order arrives as it was sent", () => {
    assert.deepStrictEqual(Effect.runSync(new Lines().push(bytes("\ufefffirst\n\ufeffsecond\n"))), [
      "\ufefffirst",
      "\ufeffsecond"
    ])
  })

  it("SH-21 the longest line is as long as the docs say, however it arrives", () => {
    const longest = "x".repeat(1024 * 1024)
    const pushed = (...pieces: ReadonlyArray<string>) => {
      const found = new Lines()
      return Effect.runSync(Effect.either(Effect.forEach(pieces, (piece) => found.push(bytes(piece)))))._tag
    }
    assert.strictEqual(pushed(longest, "\n"), "Right")
    assert.strictEqual(pushed(longest, "x\n"), "Left")
    assert.strictEqual(pushed(`${longest}x\n`), "Left")
  })

  it("SH-21 any cutting of the bytes gives the same lines", () =>
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(FastCheck.string({ unit: "grapheme" }).map((line) => line.replaceAll(/[\r\n]/g, "."))),
        FastCheck.constantFrom("\n", "\r\n"),
        FastCheck.integer({ min: 1, max: 7 }),
        (lines, end, size) => {
          const data = bytes(lines.map((line) => line + end).join(""))
          const found = new Lines()
          const cut: Array<string> = []
          for (let at = 0; at < data.length; at += size) {
            cut.push(...Effect.runSync(found.push(data.subarray(at, at + size))))
          }
          assert.deepStrictEqual([...cut, ...found.end()], lines)
        }
      )
    ))
})
