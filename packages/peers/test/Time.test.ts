import { PeerFormat, PeerProtocol, type PeerSender, PeerSocket, PeerTransport } from "@ductworks/peers"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Duration, Effect, FastCheck, Fiber, Stream, TestClock } from "effect"
import { Chat, say } from "./support/chat.js"
import { logs } from "./support/logs.js"
import { Scripted, settle } from "./support/scripted.js"

const pass = (duration: Duration.DurationInput) => Effect.zipRight(TestClock.adjust(duration), settle)

describe("silent peers", () => {
  it.scoped(
    "ST-28 a peer that is silent for the time-out is closed, forgotten and logged; one that speaks stays",
    () => {
      const { capture, lines } = logs()
      return Effect.gen(function* () {
        const transport = new Scripted()
        const socket = yield* PeerSocket.makeWith(transport, Chat, { timeout: "10 seconds" })
        const events = yield* Effect.fork(Stream.runCollect(Stream.take(socket.events, 4)))
        yield* settle
        const silent = transport.join("silent")
        const lively = transport.join("lively")
        const say1 = (peer: PeerTransport.Peer) => Effect.sync(() => transport.push(peer, say("x")))
        yield* say1(silent)
        yield* settle
        for (let i = 0; i < 3; i++) {
          yield* say1(lively)
          yield* pass("3 seconds")
        }
        assert.isTrue(socket.knows(silent))
        yield* say1(lively)
        yield* pass("999 millis")
        assert.isTrue(socket.knows(silent))
        yield* pass("1 millis")
        assert.isFalse(socket.knows(silent))
        assert.isTrue(socket.knows(lively))
        assert.deepStrictEqual(transport.closed, ["silent"])
        yield* pass("9 seconds")
        assert.isFalse(socket.knows(lively))
        assert.strictEqual((yield* socket.stats).timedOut, 2)
        assert.isTrue(lines.some(({ about }) => about["reason"] === "TimedOut" && about["peer"] === "silent"))
        const tags = Chunk.toReadonlyArray(yield* Fiber.join(events)).map(({ _tag, peer }) => `${_tag} ${peer.id}`)
        assert.deepStrictEqual(tags, ["Joined silent", "Joined lively", "TimedOut silent", "TimedOut lively"])
      }).pipe(capture)
    }
  )

  it.scoped("ST-28 also over datagrams, and never with an infinite time-out", () =>
    Effect.gen(function* () {
      const peer = PeerTransport.Peer("udp://127.0.0.1:9")
      const mortal = yield* PeerSocket.makeWith(new Scripted("datagram"), Chat)
      const endless = yield* PeerSocket.makeWith(new Scripted("datagram"), Chat, { timeout: Duration.infinity })
      yield* mortal.accept(peer)
      yield* endless.accept(peer)
      yield* pass("1 days")
      assert.deepStrictEqual([mortal.knows(peer), endless.knows(peer)], [false, true])
    })
  )

  it.scoped("a thousand peers that connect and never speak are gone after firstMessageTimeout", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat, { firstMessageTimeout: "2 seconds" })
      const peers = Array.from({ length: 1000 }, (_, i) => transport.join(`p${i}`))
      yield* pass(0)
      yield* pass("1 seconds")
      assert.strictEqual(socket.knownPeers.size, 1000)
      const [speaker = PeerTransport.Peer(""), babbler = PeerTransport.Peer("")] = peers
      transport.push(speaker, say("here"))
      transport.push(babbler, "no message at all")
      yield* pass("1 seconds")
      yield* settle
      assert.deepStrictEqual([...socket.knownPeers.keys()], ["p0"])
      const { neverSpoke, timedOut } = yield* socket.stats
      assert.deepStrictEqual([neverSpoke, timedOut], [999, 0])
    })
  )

  it.scoped("maxPeers refuses more, and has a place again when one leaves", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat, { maxPeers: 2 })
      const first = transport.join("a")
      transport.join("b")
      transport.join("c")
      yield* settle
      assert.deepStrictEqual([...socket.knownPeers.keys()], ["a", "b"])
      assert.deepStrictEqual(transport.closed, ["c"])
      const refused = yield* Effect.flip(socket.connect("test://x"))
      assert.strictEqual(refused._tag, "PeerRefused")
      transport.inbox.leave(first)
      yield* settle
      transport.join("d")
      yield* settle
      assert.deepStrictEqual([...socket.knownPeers.keys()], ["b", "d"])
      assert.strictEqual((yield* socket.stats).refusedPeers, 2)
    })
  )

  it.scoped("a peer that is not read because its queue is full is not taken for silent", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        timeout: "2 seconds",
        handlerTimeout: "1 minutes",
        handlers: { say: () => Effect.never }
      })
      const peer = transport.join("a")
      for (let i = 0; i < 300; i++) transport.push(peer, say("x"))
      yield* settle
      yield* pass("20 seconds")
      assert.isTrue(socket.knows(peer))
    })
  )

  it.scoped("heartbeats go to every known peer, and keep the sender from being taken for silent", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat, { heartbeat: "2 seconds", timeout: "5 seconds" })
      const peer = transport.join("a")
      yield* settle
      for (let i = 0; i < 5; i++) {
        yield* pass("2 seconds")
        transport.push(peer, ["~beat", null])
        yield* settle
      }
      assert.isTrue(socket.knows(peer))
      assert.deepStrictEqual(
        transport.sentTo(peer),
        Array.from({ length: 5 }, () => '["~beat",null]')
      )
      assert.strictEqual((yield* socket.stats).unknownTypes, 0)
    })
  )

  it.scoped("a format without room for them sends no heartbeats", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const Lines = PeerProtocol.make("test/Lines", Chat.messages, { format: PeerFormat.lines() })
      yield* PeerSocket.makeWith(transport, Lines, { heartbeat: "1 seconds" })
      transport.join("a")
      yield* settle
      yield* pass("2 seconds")
      assert.deepStrictEqual(transport.sent, [])
    })
  )
})

describe("ticks", () => {
  const ticking = (took: (index: number) => Duration.DurationInput) =>
    Effect.gen(function* () {
      const ticks: Array<readonly [index: number, previous: number, missed: number]> = []
      const socket = yield* PeerSocket.makeWith(new Scripted(), Chat, {
        tickInterval: "100 millis",
        tick: ({ index, missed, previous }) => {
          ticks.push([index, Duration.toMillis(previous), missed])
          return Effect.sleep(took(index))
        }
      })
      yield* settle
      return { socket, ticks }
    })

  it.scoped("ST-29 M-12 each is told how long the last one took, 0 first", () =>
    Effect.gen(function* () {
      const { ticks } = yield* ticking((index) => (index + 1) * 10)
      yield* pass("250 millis")
      assert.deepStrictEqual(ticks, [
        [0, 0, 0],
        [1, 10, 0],
        [2, 20, 0]
      ])
    })
  )

  it.scoped(
    "ST-30 M-12 the rate is fixed: a tick's own time is made up for, missed ones are counted, none is caught up with",
    () =>
      Effect.gen(function* () {
        const { socket, ticks } = yield* ticking((index) =>
          index === 1 ? "250 millis" : index === 4 ? "100 millis" : 30
        )
        for (let i = 0; i < 100; i++) yield* pass("10 millis")
        // 1 begins at 100 and ends at 350: 2 and 3 are missed; 4 begins at 400 and ends just when 5 is due.
        assert.deepStrictEqual(ticks, [
          [0, 0, 0],
          [1, 30, 0],
          [4, 250, 2],
          [5, 100, 0],
          [6, 30, 0],
          [7, 30, 0],
          [8, 30, 0],
          [9, 30, 0],
          [10, 30, 0]
        ])
        assert.strictEqual((yield* socket.stats).missedTicks, 2)
      })
  )

  it.effect.prop(
    "ST-30 whatever ticks take, they begin at multiples of the interval, and none is lost uncounted",
    [FastCheck.array(FastCheck.integer({ min: 0, max: 450 }), { minLength: 1, maxLength: 20 })],
    ([took]) =>
      Effect.scoped(
        Effect.gen(function* () {
          const begun: Array<number> = []
          let missed = 0
          const clock = yield* TestClock.testClock()
          const begin = yield* clock.currentTimeMillis
          yield* PeerSocket.makeWith(new Scripted(), Chat, {
            tickInterval: "100 millis",
            tick: (tick) =>
              Effect.gen(function* () {
                begun.push((yield* clock.currentTimeMillis) - begin)
                missed += tick.missed
                yield* Effect.sleep(took[begun.length - 1] ?? 0)
              })
          })
          yield* settle
          for (let i = 0; i < 40; i++) yield* pass("50 millis")
          for (const at of begun) assert.strictEqual(at % 100, 0)
          const last = begun.at(-1) ?? 0
          assert.strictEqual(begun.length - 1 + missed, last / 100)
        })
      ),
    { fastCheck: { numRuns: 30 } }
  )

  it.scoped("M-13 a tick that fails, dies or never ends is logged, and the next one comes", () =>
    Effect.gen(function* () {
      let ticks = 0
      const socket = yield* PeerSocket.makeWith(new Scripted(), Chat, {
        hookTimeout: "1 seconds",
        tick: ({ index }) => {
          ticks++
          if (index === 0) throw new Error("thrown")
          return index === 1 ? Effect.fail("failed") : index === 2 ? Effect.never : Effect.void
        }
      })
      yield* pass("250 millis")
      yield* pass("250 millis")
      yield* pass("1 seconds")
      yield* pass("250 millis")
      assert.strictEqual(ticks, 5)
      assert.strictEqual((yield* socket.stats).hookFailures, 3)
    })
  )
})

describe("timed events", () => {
  it.scoped("ST-44 callbacks run after each delay, and can be added, replaced and taken away while running", () =>
    Effect.gen(function* () {
      const ran: Array<string> = []
      const note = (name: string) => () => Effect.sync(() => ran.push(name))
      const socket = yield* PeerSocket.makeWith(new Scripted(), Chat)
      const elapse = Effect.suspend(() => {
        ran.length = 0
        return Effect.as(pass("1 seconds"), ran)
      })
      const { remove: removeFirst } = yield* socket.timed("1 seconds", note("first"))
      yield* socket.timed("1 seconds", note("second"))
      yield* settle
      assert.deepStrictEqual(yield* elapse, ["first", "second"])
      yield* removeFirst
      assert.deepStrictEqual(yield* elapse, ["second"])
      const { remove: removeOnly } = yield* socket.timed("1 seconds", note("only"), { exclusive: true })
      assert.deepStrictEqual(yield* elapse, ["only"])
      yield* removeOnly
      yield* removeOnly
      assert.deepStrictEqual(yield* elapse, [])
      yield* socket.timed(1000, note("again"))
      yield* settle
      assert.deepStrictEqual(yield* elapse, ["again"])
    })
  )

  it.scoped("ST-44 a callback that is taken away ends what it has begun, taken away by itself too", () =>
    Effect.gen(function* () {
      const noted: Array<string> = []
      const socket = yield* PeerSocket.makeWith(new Scripted(), Chat)
      const note = (text: string) => Effect.sync(() => noted.push(text))
      const slow = (name: string) => Effect.andThen(note(name), Effect.delay(note(`${name} ended`), "500 millis"))
      const other = yield* socket.timed("1 seconds", () => slow("other"))
      const once: PeerSender.Registration = yield* socket.timed("2 seconds", () =>
        Effect.andThen(once.remove, slow("once"))
      )
      yield* settle
      yield* pass("1 seconds")
      yield* other.remove
      yield* pass("500 millis")
      yield* pass("10 seconds")
      assert.deepStrictEqual(noted, ["other", "other ended", "once", "once ended"])
      yield* socket.timed("1 seconds", () => note("again"))
      yield* settle
      yield* pass("1 seconds")
      assert.strictEqual(noted[4], "again")
    })
  )

  it.scoped("ST-44 M-12 a delay of nothing is a millisecond, and an infinite one never over", () =>
    Effect.gen(function* () {
      const ran: Record<string, number> = {}
      const count = (name: string) => Effect.sync(() => (ran[name] = (ran[name] ?? 0) + 1))
      const socket = yield* PeerSocket.makeWith(new Scripted(), Chat, {
        tickInterval: Duration.infinity,
        heartbeat: Duration.infinity,
        tick: () => count("tick")
      })
      const finite = yield* Effect.forEach([0, -1, NaN], (delay) => socket.timed(delay, () => count(`${delay}`)))
      yield* socket.timed(Duration.infinity, () => count("never"))
      yield* settle
      for (let i = 0; i < 3; i++) yield* pass("1 millis")
      assert.deepStrictEqual(ran, { tick: 1, "0": 3, "-1": 3, NaN: 3 })
      for (const { remove } of finite) yield* remove
      yield* pass("365 days")
      assert.deepStrictEqual(ran, { tick: 1, "0": 3, "-1": 3, NaN: 3 })
    })
  )

  it.scoped("ST-44 M-13 a callback, or a tick, that ends by an interruption is logged, and runs again", () => {
    const { capture, lines } = logs()
    return Effect.gen(function* () {
      let ran = 0
      const { socket } = yield* Effect.scoped(
        Effect.gen(function* () {
          const gone = yield* Effect.fork(Effect.never)
          yield* Fiber.interrupt(gone)
          const join = () =>
            Effect.zipRight(
              Effect.sync(() => ran++),
              Fiber.join(gone)
            )
          const socket = yield* PeerSocket.makeWith(new Scripted(), Chat, { tickInterval: "1 seconds", tick: join })
          yield* socket.timed("1 seconds", join)
          yield* settle
          yield* pass("1 seconds")
          yield* pass("1 seconds")
          yield* socket.timed("1 seconds", () => Effect.never)
          yield* pass("1 seconds")
          return { socket }
        })
      )
      assert.strictEqual(ran, 4 + 3)
      // The socket's own end is none of a callback.
      assert.strictEqual((yield* socket.stats).hookFailures, ran)
      assert.strictEqual(lines.length, ran)
    }).pipe(capture)
  })

  it.scoped("ST-44 a callback that fails does not stop the others, nor itself", () =>
    Effect.gen(function* () {
      let ran = 0
      const socket = yield* PeerSocket.makeWith(new Scripted(), Chat)
      yield* socket.timed("1 seconds", () => Effect.die("always"))
      yield* socket.timed("1 seconds", () => Effect.sync(() => ran++))
      yield* settle
      yield* pass("1 seconds")
      yield* pass("1 seconds")
      assert.strictEqual(ran, 2)
      assert.strictEqual((yield* socket.stats).hookFailures, 2)
    })
  )
})
