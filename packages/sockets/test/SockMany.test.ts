import { Interruption } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import { NativeSockets, Sock, SocketAddress } from "../src/index.js"
import type { AddressError } from "../src/SocketError.js"
import { AF, SHUT, SO, SOCK, SOL } from "../src/SocketConstants.js"
import { both, bytes, freshPath, native, pattern, settled, text } from "./support/suite.js"

const buffersOf = (count: number, size: number) => Array.from({ length: count }, () => new Uint8Array(size))

/** A sender that is connected to a receiver. */
const udpPair = Effect.gen(function* () {
  const receiver = yield* Sock.udpSock
  yield* receiver.bind(["127.0.0.1", 0])
  const sender = yield* Sock.udpSock
  yield* sender.connect(yield* receiver.getsockname)
  return [sender, receiver] as const
})

/** Unix datagrams, of which the system loses none, and here keeps few. */
const unixPair = Effect.tap(Sock.socketpair(AF.UNIX, SOCK.DGRAM), ([one]) =>
  one.setsockopt(SOL.SOCKET, SO.SNDBUF, 4096)
)

const numbered = (count: number) => Array.from({ length: count }, (_, index) => bytes(`datagram ${index}`))

/** Takes its memory away, as a message to a worker can. */
const detach = (view: Uint8Array | undefined) => {
  if (view?.buffer instanceof ArrayBuffer) structuredClone(view.buffer, { transfer: [view.buffer] })
}

/** Receives so many, a batch of `width` at a time. */
const receiveAll = (sock: Sock.Sock, count: number, width = 10) =>
  Effect.gen(function* () {
    const received: Array<Uint8Array> = []
    while (received.length < count) {
      const buffers = buffersOf(Math.min(width, count - received.length), 2000)
      const batch = yield* sock.recvmmsg(buffers)
      assert.isAtLeast(batch.length, 1)
      batch.forEach(([length], at) => received.push(buffers[at]?.slice(0, length) ?? new Uint8Array(0)))
    }
    return received
  })

describe("many datagrams", () => {
  both(
    "SH-25 SH-29 each piece is a datagram, and comes with where it is from into a buffer of its own",
    Effect.gen(function* () {
      const [sender, receiver] = yield* udpPair
      const other = yield* Sock.udpSock
      yield* other.bind(["127.0.0.1", 0])
      assert.strictEqual(yield* sender.sendmmsg([bytes("one"), bytes(""), bytes("two")]), 3)
      assert.strictEqual(yield* other.sendmmsg([bytes("other")], yield* receiver.getsockname), 1)
      assert.strictEqual(yield* sender.sendmmsg([bytes("three")]), 1)
      const seen: Array<unknown> = []
      while (seen.length < 5) {
        const buffers = buffersOf(6, 3)
        for (const [at, [count, from]] of (yield* receiver.recvmmsg(buffers)).entries()) {
          seen.push([text(buffers[at]?.subarray(0, count) ?? bytes("?")), SocketAddress.format(from)])
        }
      }
      const here = SocketAddress.format(yield* sender.getsockname)
      const there = SocketAddress.format(yield* other.getsockname)
      // What has no room is cut off.
      const wanted = [
        ["one", here],
        ["", here],
        ["two", here],
        ["oth", there],
        ["thr", here]
      ]
      assert.deepStrictEqual(seen, wanted)
    })
  )

  both(
    "SH-29 whatever is sent comes in its order, in batches of any width",
    Effect.gen(function* () {
      const [sender, receiver] = yield* udpPair
      const sizes = FastCheck.array(FastCheck.nat(500), { minLength: 1, maxLength: 90 })
      for (const [lengths, width] of FastCheck.sample(
        FastCheck.tuple(sizes, FastCheck.integer({ min: 1, max: 80 })),
        30
      )) {
        const datagrams = lengths.map((length, at) => pattern(length + at).subarray(at))
        assert.strictEqual(yield* sender.sendmmsg(datagrams), datagrams.length)
        assert.deepStrictEqual(yield* receiveAll(receiver, datagrams.length, width), datagrams)
      }
    })
  )

  both(
    "SH-29 as many are received as there are buffers, and the next receive, of whichever kind, gives those after",
    Effect.gen(function* () {
      const [sender, receiver] = yield* udpPair
      yield* sender.sendmmsg(numbered(6))
      yield* receiver.waitForRead
      const received = (yield* receiveAll(receiver, 2, 2)).map(text)
      received.push(text(yield* receiver.recv(100)), text((yield* receiver.recvfrom(100))[0]))
      received.push(...(yield* receiveAll(receiver, 2)).map(text))
      assert.deepStrictEqual(received, numbered(6).map(text))
    })
  )

  native(
    "SH-29 hundreds are taken at once where hundreds are here",
    Effect.gen(function* () {
      const [sender, receiver] = yield* udpPair
      yield* sender.sendmmsg(numbered(150))
      const buffers = buffersOf(200, 20)
      const received = yield* receiver.recvmmsg(buffers)
      const texts = received.map(([count], at) => text(buffers[at]?.subarray(0, count) ?? bytes("?")))
      assert.deepStrictEqual(texts, numbered(150).map(text))
    })
  )

  both(
    "SH-25 a datagram that fails is told with how many left before; those after did not",
    Effect.gen(function* () {
      const [sender, receiver] = yield* udpPair
      const other = yield* Sock.udpSock
      const datagrams = [bytes("a"), bytes("b"), new Uint8Array(70_000), bytes("c")]
      for (const send of [sender.sendmmsg(datagrams), other.sendmmsg(datagrams, yield* receiver.getsockname)]) {
        const failure = yield* Effect.flip(send)
        assert.propertyVal(failure, "operation", "sendmmsg")
        assert.propertyVal(failure, "code", "EMSGSIZE")
        assert.propertyVal(failure, "sent", 2)
        assert.match(failure.message, /after 2 datagrams had left$/)
        yield* sender.sendmmsg([bytes("end")])
        assert.deepStrictEqual((yield* receiveAll(receiver, 3)).map(text), ["a", "b", "end"])
      }
      const unconnected = yield* Effect.flip(other.sendmmsg([bytes("x")]))
      assert.propertyVal(unconnected, "code", "EDESTADDRREQ")
      assert.propertyVal(unconnected, "sent", 0)
    })
  )

  both(
    "SH-25 SH-29 arguments that are none are typed errors",
    Effect.gen(function* () {
      const [sender, receiver] = yield* udpPair
      const stream = yield* Sock.tcpSock
      const detached = new Uint8Array(8)
      detach(detached)
      const wrong: ReadonlyArray<Effect.Effect<unknown, AddressError>> = [
        stream.sendmmsg([bytes("x")]),
        stream.recvmmsg(buffersOf(1, 1)),
        receiver.recvmmsg([]),
        receiver.recvmmsg([new Uint8Array(1), new Uint8Array(0)]),
        receiver.recvmmsg([detached]),
        // @ts-expect-error: as a caller without types may
        sender.sendmmsg([bytes("x"), "text"]),
        // @ts-expect-error: as a caller without types may
        receiver.recvmmsg(["text"])
      ]
      for (const [at, each] of wrong.entries()) {
        assert.propertyVal(yield* Effect.flip(each), "_tag", "InvalidArgument", `${at}`)
      }
      assert.propertyVal(yield* Effect.flip(sender.sendmmsg([bytes("x")], "/path")), "_tag", "InvalidAddress")
      assert.strictEqual(yield* sender.sendmmsg([]), 0)
    })
  )

  both(
    "SH-11 SH-12 SH-13 one fiber at a time waits for them; closing wakes it",
    Effect.gen(function* () {
      const [, receiver] = yield* udpPair
      const waiting = yield* Effect.fork(Effect.flip(receiver.recvmmsg(buffersOf(2, 9))))
      yield* settled
      const second = yield* Effect.flip(receiver.recvmmsg(buffersOf(2, 9)))
      assert.propertyVal(second, "_tag", "SocketBusy")
      assert.propertyVal(second, "direction", "read")
      yield* receiver.close
      assert.propertyVal(yield* Fiber.join(waiting), "_tag", "SocketClosed")
    })
  )

  both(
    "SH-22 SH-25 memory that was transferred meanwhile is a typed error, and takes no datagram",
    Effect.gen(function* () {
      const [sender, receiver] = yield* udpPair
      const buffers = buffersOf(2, 100)
      const waiting = yield* Effect.fork(Effect.flip(receiver.recvmmsg(buffers)))
      yield* settled
      detach(buffers[1])
      yield* sender.sendmmsg(numbered(2))
      assert.propertyVal(yield* Fiber.join(waiting), "_tag", "InvalidArgument")
      assert.deepStrictEqual((yield* receiveAll(receiver, 2)).map(text), numbered(2).map(text))
    })
  )

  both(
    "SH-25 an error and the datagrams that came before it are both told",
    Effect.gen(function* () {
      const peer = yield* Sock.udpSock
      yield* peer.bind(["127.0.0.1", 0])
      const here = yield* Sock.udpSock
      yield* here.connect(yield* peer.getsockname)
      yield* peer.sendmmsg(numbered(2), yield* here.getsockname)
      yield* peer.close
      yield* here.send(bytes("to nobody"))
      const seen: Array<unknown> = []
      while (seen.length < 3) {
        const outcome = Effect.match(here.recvmmsg(buffersOf(5, 100)), {
          onFailure: (error) => [error._tag === "SocketFault" ? error.code : error._tag],
          onSuccess: (received) => received.map(([count]) => count)
        })
        seen.push(...(yield* outcome))
      }
      assert.deepStrictEqual(seen.sort(), [10, 10, "ECONNREFUSED"])
    })
  )
})

describe("more datagrams than there is room for", () => {
  native(
    "SH-28 they leave as there is room, in order, and nobody else goes between",
    Effect.gen(function* () {
      const [one, two] = yield* unixPair
      const sending = yield* Effect.fork(one.sendmmsg(numbered(500)))
      yield* settled
      const busy = yield* Effect.flip(one.sendmmsg([bytes("x")]))
      assert.propertyVal(busy, "_tag", "SocketBusy")
      assert.propertyVal(busy, "direction", "write")
      assert.deepStrictEqual((yield* receiveAll(two, 500)).map(text), numbered(500).map(text))
      assert.strictEqual(yield* Fiber.join(sending), 500)
    })
  )

  native(
    "SH-28 interrupted while it waits, those that left are the first ones; the same value then sends all",
    Effect.gen(function* () {
      const [one, two] = yield* unixPair
      const send = one.sendmmsg(numbered(200))
      const sending = yield* Effect.fork(send)
      yield* settled
      yield* Fiber.interrupt(sending)
      const buffers = buffersOf(64, 100)
      const left = yield* two.recvmmsg(buffers)
      assert.isBelow(left.length, 64)
      const first = left.map(([count], at) => text(buffers[at]?.subarray(0, count) ?? bytes("?")))
      assert.deepStrictEqual(first, numbered(left.length).map(text))
      const [sent, received] = yield* Effect.zip(send, receiveAll(two, 200), { concurrent: true })
      assert.strictEqual(sent, 200)
      assert.deepStrictEqual(received.map(text), numbered(200).map(text))
    })
  )

  native(
    "SH-12 SH-28 closing, the peer's end, and transferred memory end the wait",
    Effect.gen(function* () {
      const closed = yield* unixPair
      const closing = yield* Effect.fork(Effect.flip(closed[0].sendmmsg(numbered(500))))
      yield* settled
      yield* closed[0].close
      assert.propertyVal(yield* Fiber.join(closing), "_tag", "SocketClosed")

      const gone = yield* unixPair
      const refused = yield* Effect.fork(Effect.flip(gone[0].sendmmsg(numbered(500))))
      yield* settled
      const before = yield* gone[1].recvmmsg(buffersOf(64, 100))
      yield* gone[1].close
      const failure = yield* Fiber.join(refused)
      assert.propertyVal(failure, "code", "ECONNREFUSED")
      assert.isAtLeast(failure._tag === "SocketFault" ? (failure.sent ?? -1) : -1, before.length)

      const lent = yield* unixPair
      const datagrams = numbered(500)
      const transferred = yield* Effect.fork(Effect.flip(lent[0].sendmmsg(datagrams)))
      yield* settled
      detach(datagrams[499])
      yield* lent[1].recvmmsg(buffersOf(64, 100))
      assert.propertyVal(yield* Fiber.join(transferred), "_tag", "InvalidArgument")
    })
  )

  native(
    "SH-25 what the network says of a datagram that left is told by a receive, when sendmmsg(2) drops it",
    Effect.gen(function* () {
      const [sender, receiver] = yield* udpPair
      yield* receiver.close
      assert.strictEqual(yield* sender.sendmmsg(numbered(5)), 5)
      assert.propertyVal(yield* Effect.flip(sender.recvmmsg(buffersOf(1, 1))), "code", "ECONNREFUSED")
    })
  )

  it.scopedLive("SH-32 each datagram counts: the event loop has its turns in between (native)", () =>
    Effect.gen(function* () {
      const [sender, receiver] = yield* udpPair
      let turns = 0
      let ticking = setImmediate(function tick() {
        turns += 1
        ticking = setImmediate(tick)
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => clearImmediate(ticking)))
      for (let round = 0; round < 20; round++) {
        yield* sender.sendmmsg(numbered(32))
        assert.strictEqual((yield* receiver.recvmmsg(buffersOf(32, 20))).length, 32)
      }
      // 640 of each end, of which every 8 have a turn, though there are but 20 operations.
      assert.isAtLeast(turns, 30)
    }).pipe(Effect.provide(NativeSockets.layerWith({ maxImmediate: 8 })))
  )
})

describe("many datagrams of the Unix domain", () => {
  native(
    "SH-9 SH-29 they go to a path, and say which one they are from, or none",
    Effect.gen(function* () {
      const path = yield* freshPath()
      const own = yield* freshPath()
      const receiver = yield* Sock.sock({ domain: AF.UNIX, type: SOCK.DGRAM })
      yield* receiver.bind(path)
      const named = yield* Sock.sock({ domain: AF.UNIX, type: SOCK.DGRAM })
      yield* named.bind(own)
      const nameless = yield* Sock.sock({ domain: AF.UNIX, type: SOCK.DGRAM })
      assert.strictEqual(yield* named.sendmmsg(numbered(2), path), 2)
      assert.strictEqual(yield* nameless.sendmmsg(numbered(2), path), 2)
      const received = yield* receiver.recvmmsg(buffersOf(9, 100))
      assert.deepStrictEqual(
        received.map(([, from]) => (from._tag === "UnixAddress" ? from.path : "?")),
        [own, own, "", ""]
      )
    })
  )

  native(
    "SH-29 packets in order end with an empty one, after which none is taken",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair(AF.UNIX, SOCK.SEQPACKET)
      assert.strictEqual(yield* one.sendmmsg(numbered(3)), 3)
      yield* one.shutdown(SHUT.WR)
      const lengths = Effect.map(two.recvmmsg(buffersOf(6, 100)), (received) => received.map(([count]) => count))
      assert.deepStrictEqual(yield* lengths, [10, 10, 10, 0])
      assert.deepStrictEqual(yield* lengths, [0])
      assert.propertyVal(yield* Effect.flip(one.sendmmsg(numbered(1))), "code", "EPIPE")
    })
  )

  native(
    "SH-23 what an interrupted recvExact gathered comes first, alone",
    Effect.gen(function* () {
      const [one, two] = yield* unixPair
      const gathering = yield* Effect.fork(two.recvExact(100))
      yield* settled
      yield* one.send(bytes("part"))
      yield* two.waitForRead.pipe(Effect.ignore)
      yield* settled
      yield* Fiber.interrupt(gathering)
      yield* one.sendmmsg(numbered(2))
      assert.deepStrictEqual((yield* receiveAll(two, 3)).map(text), ["part", ...numbered(2).map(text)])
    })
  )
})

describe("interruption at every point", { timeout: 60_000 }, () => {
  it.live("SH-22 SH-29 recvmmsg loses no datagram, and gives none twice (native)", () =>
    Effect.gen(function* () {
      const points = yield* Interruption.atEveryPoint((interrupted) =>
        Effect.gen(function* () {
          const [one, two] = yield* unixPair
          yield* one.sendmmsg(numbered(4))
          const received: Array<string> = []
          const buffers = buffersOf(2, 100)
          const note = (batch: ReadonlyArray<readonly [count: number, from: unknown]>) =>
            batch.forEach(([count], at) => received.push(text(buffers[at]?.slice(0, count) ?? bytes("?"))))
          const receive = Effect.flatMap(two.recvmmsg(buffers), (batch) => Effect.succeed(note(batch)))
          yield* interrupted(Effect.zipRight(receive, receive))
          while (received.length < 4) yield* receive
          assert.deepStrictEqual(received, numbered(4).map(text))
        }).pipe(Effect.scoped)
      )
      assert.isAbove(points, 3)
    }).pipe(Effect.provide(NativeSockets.layer))
  )
})
