import { Address, Connection, RawDuct } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { fileURLToPath } from "node:url"
import { type Binding, expectAnswer, giveWay, type Handle } from "../src/internal/binding.js"
import { nativeSystem } from "../src/internal/nativePort.js"
import { nativePorts } from "../src/internal/nativePorts.js"
import { makeSockets } from "../src/internal/sock/sockets.js"
import { listen } from "../src/internal/transport/listen.js"
import { connect, pair } from "../src/internal/transport/open.js"
import { makeSystem } from "../src/internal/transport/system.js"
import type { Sock } from "../src/Sock.js"
import { MSG } from "../src/SocketConstants.js"
import { addon, EAGAIN, runsIn, temporaryDirectory } from "./support/addon.js"
import { bytes, pattern, settled } from "./support/suite.js"

const KiB = 1024

/** The addon, with an other end that shares the core: it acts when it is given that, or somebody waits. */
class Shared {
  gives = 0
  waits = 0
  /** How long each receive was to spin. */
  spins: Array<number> = []
  act: () => void = () => {}
  /** Whether a call moves all that it is to, as where the other end takes one turn after the other. */
  movesAll = false
  private ends: ReadonlyArray<Handle> = []

  /** Once, and then as long as the other end goes on; `forAll` also where a part found room at first. */
  private moves(
    call: (offset: number, length: number) => number,
    [offset, length]: readonly [number, number],
    patience: number,
    forAll: boolean
  ): number {
    const count = call(offset, length)
    if ((patience !== giveWay && patience !== expectAnswer) || (count < 0 ? count !== -EAGAIN : !forAll)) return count
    let moved = Math.max(0, count)
    while (moved < length) {
      this.gives += 1
      this.act()
      const more = call(offset + moved, length - moved)
      if (more <= 0) return moved > 0 ? moved : more
      moved += more
      if (patience === expectAnswer) break
    }
    return moved
  }

  readonly binding: Binding = {
    ...addon,
    recv: (handle, into, offset, length, flags, patience) => {
      this.spins.push(patience)
      if (this.movesAll) return length
      const call = (at: number, left: number) => addon.recv(handle, into, at, left, flags, 0)
      return this.moves(call, [offset, length], patience, false)
    },
    send: (handle, from, offset, length, flags, patience) => {
      if (this.movesAll) return length
      const call = (at: number, left: number) => addon.send(handle, from, at, left, flags, 0)
      return this.moves(call, [offset, length], patience, true)
    },
    sendv: (handle, pieces, first, offset, patience) =>
      this.moves(() => addon.sendv(handle, pieces, first, offset, 0), [0, 1], patience, false),
    wait: (handle, interest) => {
      this.waits += 1
      setImmediate(() => this.act())
      return addon.wait(handle, interest)
    },
    socketpair: (domain, type, protocol, out) => {
      const result = addon.socketpair(domain, type, protocol, out)
      this.ends = [...out]
      return result
    }
  }

  private get other(): Handle {
    return this.ends[1] ?? 0
  }

  /** Sends as much of it as there is room for; how much. */
  sends(data: Uint8Array, from = 0): number {
    return Math.max(0, addon.send(this.other, data, from, data.length - from, 0, 0))
  }

  readonly takesAll = (): number => {
    const into = new Uint8Array(256 * KiB)
    let taken = 0
    for (let count = 0; (count = addon.recv(this.other, into, 0, into.length, 0, 0)) > 0;) taken += count
    return taken
  }
}

// A thread has one of them: the addon calls one function for all.
const shared = new Shared()

const sockets = makeSockets(nativePorts(nativeSystem(shared.binding, 0)), { maxImmediate: 64, isSpinning: false })

const system = (spin: number) => makeSystem(shared.binding, { spin, sendBufferBytes: 256 * KiB, allowPeer: () => true })

/** One end of a pair, whose other end is the one that shares the core. */
const withEnd =
  <A>(open: Effect.Effect<readonly [A, A], unknown, Scope.Scope>) =>
  (title: string, program: (end: A) => Effect.Effect<void, unknown, Scope.Scope>) =>
    it.scopedLive(title, () =>
      Effect.gen(function* () {
        const [end] = yield* open
        shared.gives = shared.waits = 0
        shared.spins = []
        shared.act = () => {}
        yield* program(end)
      })
    )

const overSock = withEnd<Sock>(sockets.socketpair())

const overConnection = withEnd<Connection.Connection>(pair(system(0))())

const overSpinning = withEnd<Connection.Connection>(pair(system(1000))())

/** Does it again and again until the event loop had a turn, or for so long that it will have none. */
const untilTurn = <E>(operation: Effect.Effect<unknown, E>, most = 2000) =>
  Effect.suspend(() => {
    let hasTurned = false
    let left = most
    setImmediate(() => (hasTurned = true))
    return Effect.map(
      Effect.whileLoop({ while: () => !hasTurned && left-- > 0, body: () => operation, step: () => {} }),
      () => hasTurned
    )
  })

describe("in the midst of much, the other end has the core before there is nothing (native)", () => {
  const much = pattern(1024 * KiB)

  overSock("SH-22 SH-23 what it sends then is received without a wait", (sock) =>
    Effect.gen(function* () {
      let sent = shared.sends(much)
      shared.act = () => (sent += shared.sends(much, sent))
      const buffer = new Uint8Array(much.length)
      yield* sock.recvExactInto(buffer)
      assert.deepStrictEqual(buffer, much)
      assert.isAbove(shared.gives, 0)
      assert.strictEqual(shared.waits, 0)
    })
  )

  overSock("SH-22 where it sends nothing, that is waited for, and not asked again before much came", (sock) =>
    Effect.gen(function* () {
      const sent = shared.sends(much)
      yield* sock.recvExactInto(new Uint8Array(sent))
      for (const word of ["one", "two"]) {
        const receiving = yield* Effect.fork(sock.recv(16))
        yield* settled
        shared.sends(bytes(word))
        assert.deepStrictEqual(yield* Fiber.join(receiving), bytes(word))
      }
      assert.strictEqual(shared.gives, 1)
      assert.isAbove(shared.waits, 0)
    })
  )

  overSock("SH-22 what it makes room for is sent without a wait", (sock) =>
    Effect.gen(function* () {
      shared.act = shared.takesAll
      assert.strictEqual(yield* sock.send(much), much.length)
      assert.strictEqual(yield* sock.writev([much, much]), 2 * much.length)
      assert.isAbove(shared.gives, 0)
      assert.strictEqual(shared.waits, 0)
    })
  )

  overSock("SH-22 sends that always find room then let the event loop go round all the same", (sock) =>
    Effect.gen(function* () {
      shared.act = shared.takesAll
      assert.isTrue(yield* untilTurn(sock.send(much)))
    })
  )

  overSock("SH-22 SH-23 what took many turns counts as many operations before the event loop has one", (sock) =>
    Effect.gen(function* () {
      shared.movesAll = true
      yield* Effect.addFinalizer(() => Effect.sync(() => (shared.movesAll = false)))
      for (const operation of [sock.recvExactInto(much), sock.recvInto(much), sock.send(much)]) {
        assert.isTrue(yield* untilTurn(operation, 20))
      }
    })
  )

  it.scopedLive("SH-22 SH-26 the other end of a TCP socket, which is mostly elsewhere, is only waited for", () =>
    Effect.gen(function* () {
      const listener = yield* sockets.sock()
      yield* listener.bind(["127.0.0.1", 0])
      yield* listener.listen()
      const one = yield* sockets.sock()
      yield* one.connect(yield* listener.getsockname)
      const [other] = yield* listener.accept
      shared.gives = shared.waits = 0
      const sending = yield* Effect.fork(Effect.all([one.send(much), one.writev([much, much, much])]))
      yield* other.recvExactInto(new Uint8Array(4 * much.length))
      yield* Fiber.join(sending)
      const receiving = yield* Effect.fork(one.recv(16))
      yield* settled
      yield* other.send(bytes("answer"))
      assert.deepStrictEqual(yield* Fiber.join(receiving), bytes("answer"))
      assert.strictEqual(shared.gives, 0)
      assert.isAbove(shared.waits, 0)
    })
  )

  overConnection(
    "DW-42 who waits for a connection of SocketTransport takes, and sends, in the same turn",
    (connection) =>
      Effect.gen(function* () {
        let hasTurned = false
        setImmediate(() => (hasTurned = true))
        let sent = shared.sends(much)
        shared.act = () => (sent += shared.sends(much, sent))
        const buffer = new Uint8Array(much.length)
        for (let filled = 0; filled < much.length;) {
          const taken = connection.takeInto?.(buffer.subarray(filled))
          // What is here is taken first: the core is given away by who would wait.
          if (taken === undefined) yield* connection.arrival()
          else filled += Number(taken)
        }
        assert.deepStrictEqual(buffer, much)
        assert.isAbove(shared.gives, 0)
        shared.act = shared.takesAll
        yield* connection.write([much, much])
        assert.strictEqual(connection.pending(), 0)
        assert.isFalse(hasTurned)
      })
  )

  overConnection("DW-42 a connection of SocketTransport lets the event loop go round", (connection) =>
    Effect.gen(function* () {
      shared.act = shared.takesAll
      assert.isTrue(yield* untilTurn(Effect.zipRight(connection.write([much]), connection.flush)))
    })
  )
})

describe("an answer (native)", () => {
  const question = bytes("question")
  const answers = () => {
    if (shared.takesAll() > 0) shared.sends(bytes("answer"))
  }

  overSock("SH-22 SH-28 is received without a wait, once the other end had the core", (sock) =>
    Effect.gen(function* () {
      shared.act = answers
      for (let trip = 0; trip < 10; trip++) {
        yield* sock.send(question)
        assert.deepStrictEqual(yield* sock.recv(64), bytes("answer"))
      }
      assert.strictEqual(shared.gives, 10)
      assert.strictEqual(shared.waits, 0)
    })
  )

  overConnection("DW-42 is taken without a wait, once the other end had the core", (connection) =>
    Effect.gen(function* () {
      shared.act = answers
      for (let trip = 0; trip < 10; trip++) {
        yield* connection.write([question])
        assert.deepStrictEqual(yield* connection.pull, [bytes("answer")])
      }
      assert.strictEqual(shared.gives, 10)
      assert.strictEqual(shared.waits, 0)
    })
  )

  overConnection("DW-42 the other end has the whole question before it has the core", (connection) =>
    Effect.gen(function* () {
      let asked = 0
      shared.act = () => {
        asked += shared.takesAll()
        if (asked === 3 * question.length) shared.sends(bytes("answer"))
      }
      // The first leaves at once, and the others at the end of the turn.
      for (let part = 0; part < 3; part++) assert.isTrue(Exit.isExit(connection.offer([question])))
      assert.deepStrictEqual(yield* connection.pull, [bytes("answer")])
      assert.strictEqual(shared.gives, 1)
      assert.strictEqual(shared.waits, 0)
    })
  )

  overSock("SH-22 that comes later is waited for", (sock) =>
    Effect.gen(function* () {
      yield* sock.send(question)
      const receiving = yield* Effect.fork(sock.recv(64))
      yield* settled
      assert.strictEqual(shared.gives, 1)
      answers()
      assert.deepStrictEqual(yield* Fiber.join(receiving), bytes("answer"))
    })
  )

  overSock("SH-22 who does not wait does not give the core away for it", (sock) =>
    Effect.gen(function* () {
      yield* sock.send(question)
      yield* Effect.flip(sock.recv(64, MSG.DONTWAIT))
      assert.strictEqual(shared.gives, 0)
    })
  )

  overConnection("DW-10 DW-11 who does not wait does not give the core away for it", (connection) =>
    Effect.gen(function* () {
      const duct = RawDuct.fromConnection(connection, { timeout: "1 second" })
      yield* duct.send(question)
      assert.isFalse(yield* duct.poll(0))
      // It asks the system again only once that has told of something.
      shared.sends(bytes("x"))
      yield* connection.pull
      yield* duct.send(question)
      shared.spins = []
      yield* Effect.flip(duct.recv(1, { dontWait: true }))
      assert.deepStrictEqual(shared.spins, [0])
      assert.strictEqual(shared.gives, 0)
    })
  )

  overConnection(
    "DW-42 what is here is taken before the other end has the core, also by who answers it",
    (connection) =>
      Effect.gen(function* () {
        const buffer = new Uint8Array(64 * KiB)
        for (let trip = 0; trip < 20; trip++) {
          shared.sends(buffer)
          assert.strictEqual(connection.takeInto?.(buffer), buffer.length)
          yield* connection.write([question])
        }
        assert.strictEqual(shared.gives, 0)
      })
  )

  const largeAnswer = pattern(64 * KiB)

  overConnection(
    "DW-42 much that was asked for is no beginning of more: the other end has the core once",
    (connection) =>
      Effect.gen(function* () {
        shared.act = () => void (shared.takesAll() > 0 && shared.sends(largeAnswer))
        const buffer = new Uint8Array(2 * largeAnswer.length)
        for (let trip = 0; trip < 10; trip++) {
          yield* connection.write([question])
          assert.strictEqual(connection.takeInto?.(buffer), largeAnswer.length)
        }
        assert.strictEqual(shared.gives, 10)
        assert.strictEqual(shared.waits, 0)
      })
  )

  overSock("SH-22 much that was asked for is no beginning of more: the other end has the core once", (sock) =>
    Effect.gen(function* () {
      shared.act = () => void (shared.takesAll() > 0 && shared.sends(largeAnswer))
      const buffer = new Uint8Array(2 * largeAnswer.length)
      for (let trip = 0; trip < 10; trip++) {
        yield* sock.send(question)
        assert.strictEqual(yield* sock.recvInto(buffer), largeAnswer.length)
      }
      assert.strictEqual(shared.gives, 10)
      assert.strictEqual(shared.waits, 0)
    })
  )

  it.scopedLive("DW-42 over TCP the other end, which is mostly elsewhere, is only waited for", () =>
    Effect.gen(function* () {
      const listener = yield* listen(system(0))(Option.some(Address.TcpAddress("127.0.0.1", 0)))
      const one = yield* connect(system(0))(listener.address)
      const other = yield* listener.accept
      shared.gives = 0
      for (let trip = 0; trip < 3; trip++) {
        yield* one.write([question])
        const receiving = yield* Effect.fork(one.pull)
        yield* settled
        assert.deepStrictEqual(yield* other.pull, [question])
        yield* other.write([question])
        assert.deepStrictEqual(yield* Fiber.join(receiving), [question])
      }
      assert.strictEqual(shared.gives, 0)
    })
  )
})

describe("giving the core away (native)", () => {
  const runsWithAway = (program: string) =>
    Effect.gen(function* () {
      const library = `${yield* temporaryDirectory}/away.so`
      const source = fileURLToPath(new URL("./fixtures/addon/away.c", import.meta.url))
      const shell = `cc -shared -fPIC -Wall -Werror -o ${library} ${source} -ldl && ADDON="$3" LD_PRELOAD=${library} exec "$@"`
      return yield* runsIn(shell, program)
    })

  it.scopedLive("SH-22 SH-28 somebody else who keeps it for long is not given it again for 48 times as long", () =>
    Effect.map(runsWithAway("givesWay"), (printed) => assert.strictEqual(printed, "gives way"))
  )

  it.scopedLive("SH-22 SH-28 in the midst of much both ends take turns, and what goes wrong then is told", () =>
    Effect.map(runsWithAway("takesTurns"), (printed) => assert.strictEqual(printed, "takes turns"))
  )

  it.scopedLive("SH-22 who has asked does, while nothing else is due in the thread", () =>
    Effect.map(runsWithAway("expectsAnswer"), (printed) => assert.strictEqual(printed, "expects an answer"))
  )
})

describe("who spins (native)", () => {
  overSpinning(
    "DW-42 a connection of SocketTransport lets the event loop go round, and does not sleep in it",
    (connection) =>
      Effect.gen(function* () {
        const buffer = new Uint8Array(16)
        let hasTurned = false
        setImmediate(() => (hasTurned = true))
        for (let left = 2000; left > 0 && !hasTurned; left--) {
          shared.sends(bytes("answer"))
          let taken = connection.takeInto?.(buffer)
          for (; taken === undefined; taken = connection.takeInto?.(buffer)) yield* connection.arrival()
          assert.strictEqual(taken, 6)
        }
        assert.isTrue(hasTurned)
        assert.strictEqual(shared.waits, 0)
      })
  )

  withEnd<Connection.Connection>(pair(system(1_000_000))())(
    "DW-10 DW-11 DW-12 a connection spins no longer than whoever waits, and not at all for who does not",
    (connection) =>
      Effect.gen(function* () {
        const duct = RawDuct.fromConnection(connection, { timeout: "50 millis" })
        const looks: ReadonlyArray<readonly [most: number, look: Effect.Effect<unknown, unknown>]> = [
          [0, duct.poll(0)],
          [50_000, duct.poll("50 millis")],
          [0, Effect.flip(duct.recv(1, { dontWait: true }))],
          [50_000, Effect.flip(duct.recv(1))],
          [50_000, Effect.flip(duct.recv(128 * KiB, { waitAll: true }))],
          [50_000, Effect.flip(duct.recvInto(new Uint8Array(128 * KiB), { flags: { waitAll: true } }))]
        ]
        for (const [most, look] of looks) {
          // It asks the system again only once that has told of something.
          shared.sends(bytes("x"))
          yield* connection.pull
          shared.spins = []
          yield* look
          assert.isNotEmpty(shared.spins)
          for (const spin of shared.spins) assert.isAtMost(spin, most)
        }
      })
  )

  overSpinning("DW-42 a connection that is closed while the event loop goes round reads no more", (connection) =>
    Effect.gen(function* () {
      shared.sends(pattern(200))
      const buffer = new Uint8Array(1)
      let taken = 0
      while (connection.takeInto?.(buffer) === 1) taken += 1
      assert.isBelow(taken, 200)
      const receiving = yield* Effect.fork(Effect.flip(connection.pull))
      yield* Effect.yieldNow()
      yield* connection.close
      yield* settled
      assert.strictEqual((yield* Fiber.join(receiving))._tag, "DuctClosed")
      assert.propertyVal(connection.takeInto?.(buffer), "_tag", "DuctClosed")
    })
  )
})
