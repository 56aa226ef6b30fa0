import { PeerFormat, type PeerOptions, PeerSocket } from "@ductworks/peers"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope, TestClock } from "effect"
import { Chat, say } from "./support/chat.js"
import { Scripted, settle } from "./support/scripted.js"

/** What a hook may do instead of what it is there for. */
const faults = [
  ["fails", () => Effect.fail("failed")],
  ["dies", () => Effect.die("died")],
  [
    "throws",
    (): Effect.Effect<never> => {
      throw new Error("thrown")
    }
  ],
  ["never ends", () => Effect.never],
  ["ends by an interruption", () => Effect.interrupt],
  ["ends by an interruption after a while", () => Effect.zipRight(Effect.yieldNow(), Effect.interrupt)]
] as const

type Fault = (typeof faults)[number][1]
type Options = PeerOptions.Options<(typeof Chat)["messages"], never>

/** Is hit by the fault when it is called first, and right from then on. */
const once = <Args extends ReadonlyArray<unknown>, A>(fault: Fault, right: (...args: Args) => Effect.Effect<A>) => {
  let calls = 0
  return (...args: Args): Effect.Effect<A, unknown> => (calls++ === 0 ? fault() : right(...args))
}

const json = PeerFormat.json()

const hooks: Readonly<Record<string, (fault: Fault) => Options>> = {
  goodPeer: (fault) => ({ goodPeer: once(fault, () => Effect.succeed(true)) }),
  decode: (fault) => ({ decode: once(fault, Effect.succeed) }),
  parse: (fault) => ({ parse: once(fault, (body) => Effect.orDie(json.decode(body))) }),
  handleAll: (fault) => ({ handleAll: once(fault, Effect.succeed) }),
  handlers: (fault) => ({ handlers: { bye: once(fault, () => Effect.void) } }),
  serialise: (fault) => ({ serialise: once(fault, (envelope) => Effect.orDie(json.encode(envelope))) }),
  encode: (fault) => ({ encode: once(fault, Effect.succeed) }),
  tick: (fault) => ({ tick: once(fault, () => Effect.void) })
}

describe("M-13 ST-26 no hook can block or kill the socket", () => {
  for (const [name, options] of Object.entries(hooks)) {
    for (const [what, fault] of faults) {
      it.scoped(`${name} that ${what}`, () =>
        Effect.gen(function* () {
          const transport = new Scripted()
          const heard: Array<string> = []
          const socket = yield* PeerSocket.makeWith(transport, Chat, {
            ...options(fault),
            handlerTimeout: "5 seconds"
          })
          yield* socket.handle("say", (peer, { text }) => Effect.sync(() => heard.push(`${peer.id}: ${text}`)))
          const bad = transport.join("bad")
          transport.push(bad, ["bye", null])
          yield* settle
          const sending = yield* Effect.fork(socket.send.say({ text: "first" }))
          const good = transport.join("good")
          transport.push(good, say("at once"))
          yield* settle
          assert.deepStrictEqual(heard, ["good: at once"], "it held up another peer")
          yield* TestClock.adjust("5 seconds")
          yield* settle
          assert.isNotNull(sending.unsafePoll(), "it held up its caller for ever")
          yield* socket.send.say({ text: "second" }, good)
          assert.strictEqual(transport.sentTo(good).at(-1), '[1,{"text":"second"}]')
          const late = transport.join("late")
          transport.push(late, say("afterwards"))
          yield* settle
          assert.strictEqual(heard.at(-1), "late: afterwards")
          const { handlerFailures, hookFailures, runningHandlers, badPeers, undecodable } = yield* socket.stats
          assert.isTrue(socket.isActive())
          assert.strictEqual(runningHandlers, 0)
          if (name === "serialise" || name === "encode") {
            assert.strictEqual((yield* Effect.flip(Fiber.join(sending)))._tag, "SerializeError")
          } else {
            assert.isAbove(handlerFailures + hookFailures + badPeers + undecodable, 0, "nobody was told")
          }
        })
      )
    }
  }

  for (const [what, fault] of faults) {
    it.scoped(`childSetup and connectTo that ${what} are the maker's error`, () =>
      Effect.gen(function* () {
        const attempts: ReadonlyArray<readonly [options: Options, tag: string]> = [
          [{ childSetup: fault }, "SetupFailed"],
          [{ connect: ["test://x"], connectTo: fault }, "PeerRefused"]
        ]
        for (const [options, tag] of attempts) {
          const making = yield* Effect.fork(Effect.flip(PeerSocket.makeWith(new Scripted(), Chat, options)))
          yield* settle
          yield* TestClock.adjust("5 seconds")
          assert.strictEqual((yield* Fiber.join(making))._tag, tag)
        }
      })
    )
  }

  it.scoped("metadata that throws leaves the peer with none", () =>
    Effect.gen(function* () {
      const transport = new Scripted()
      const socket = yield* PeerSocket.makeWith(transport, Chat, {
        metadata: (): object => {
          throw new Error("thrown")
        }
      })
      const peer = transport.join("a")
      yield* settle
      assert.deepStrictEqual(socket.knownPeers.get(peer.id)?.metadata, {})
      assert.strictEqual((yield* socket.stats).hookFailures, 1)
    })
  )

  it.scoped("heartbeats go on when encode has failed one, or did not end", () =>
    Effect.gen(function* () {
      for (const [, fault] of faults) {
        const transport = new Scripted()
        yield* PeerSocket.makeWith(transport, Chat, {
          heartbeat: "2 seconds",
          timeout: "1 hours",
          firstMessageTimeout: "1 hours",
          encode: once(fault, Effect.succeed)
        })
        const peer = transport.join("a")
        yield* settle
        for (let i = 0; i < 10; i++) yield* Effect.zipRight(TestClock.adjust("1 seconds"), settle)
        assert.include(transport.sentTo(peer), '["~beat",null]')
      }
    })
  )

  it.scoped("a hook of a send ends with its caller, and with the socket", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      let begun = 0
      const scope = yield* Scope.make()
      const socket = yield* Scope.extend(
        PeerSocket.makeWith(new Scripted(), Chat, {
          encode: () =>
            Effect.suspend(() => {
              begun++
              return Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
            })
        }),
        scope
      )
      const first = yield* Effect.fork(socket.send.bye(null))
      yield* settle
      yield* Fiber.interrupt(first)
      yield* Deferred.await(interrupted)
      const second = yield* Effect.fork(Effect.flip(socket.send.bye(null)))
      yield* settle
      assert.strictEqual(begun, 2)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Fiber.join(second))._tag, "DuctClosed")
    })
  )
})
