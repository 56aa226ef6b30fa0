import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { ChildProcess } from "node:child_process"
import type { Handle } from "../src/internal/binding.js"
import { addon, AF, EBADF, EINVAL, known, pair, runs, SO, SOCK, socket, SOL, starts } from "./support/addon.js"

/** What the event loop tells next. Whoever uses it waits for something already. */
const next = Effect.async<readonly [Handle, number]>((resume) => {
  addon.onReady((handle, events) => resume(Effect.succeed([handle, events])))
})

const turn = Effect.async<void>((resume) => {
  const later = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(later))
})

/** What the event loop tells in so many turns. */
const told = (turns: number) =>
  Effect.gen(function* () {
    const all: Array<readonly [Handle, number]> = []
    addon.onReady((handle, events) => void all.push([handle, events]))
    for (let at = 0; at < turns; at += 1) yield* turn
    return all
  })

const byte = Uint8Array.of(1)
const into = new Uint8Array(64)

/** Writes until nothing more fits. */
const fill = (handle: Handle) => {
  const much = new Uint8Array(65_536)
  while (addon.send(handle, much, 0, much.length, 0, 0) > 0);
}

const firstLine = (child: ChildProcess) =>
  Effect.async<string>((resume) => {
    child.stdout?.setEncoding("utf8").once("data", (text) => resume(Effect.succeed(String(text).trim())))
  })

const exit = (child: ChildProcess) =>
  Effect.async<number | null>((resume) => {
    child.once("exit", (code) => resume(Effect.succeed(code)))
  })

describe("readiness (native)", () => {
  it.scopedLive("SH-31 bytes wake who waits for them, once", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      assert.strictEqual(addon.wait(two, 1), 0)
      addon.send(one, byte, 0, 1, 0, 0)
      assert.deepStrictEqual(yield* next, [two, 1])
      // The byte is still there, but nobody waits for it any more.
      assert.deepStrictEqual(yield* told(5), [])
      assert.strictEqual(addon.wait(two, 1), 0)
      assert.deepStrictEqual(yield* next, [two, 1])
    })
  )

  it.scopedLive("SH-31 the callback may say what is waited for then; a wait that comes after it counts", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      addon.send(one, byte, 0, 1, 0, 0)
      const told: Array<number> = []
      // Says so three times, then that nobody waits: who asks in a promise is not overruled.
      yield* Effect.async<void>((resume) => {
        addon.onReady((_, events) => {
          told.push(events)
          if (told.length < 4) return 1
          if (told.length === 4) {
            void Promise.resolve().then(() => addon.wait(two, 1))
            return 0
          }
          resume(Effect.void)
          return told.length === 5 ? 0 : undefined
        })
        addon.wait(two, 1)
      })
      assert.deepStrictEqual(told, [1, 1, 1, 1, 1])
      // The byte is still there.
      yield* turn
      yield* turn
      assert.strictEqual(told.length, 5)
      for (const nonsense of [-1, 4, 1.5, "1", {}, null]) {
        Reflect.apply(addon.onReady, addon, [() => nonsense])
        addon.wait(two, 1)
        yield* turn
        yield* turn
      }
      assert.strictEqual(addon.recv(two, into, 0, 64, 0, 0), 1)
    })
  )

  it.scopedLive("SH-32 room wakes who waits to write", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      assert.strictEqual(addon.wait(one, 2), 0)
      assert.deepStrictEqual(yield* next, [one, 2])
      fill(one)
      assert.strictEqual(addon.wait(one, 2), 0)
      assert.deepStrictEqual(yield* told(5), [])
      while (addon.recv(two, into, 0, into.length, 0, 0) > 0);
      assert.strictEqual(addon.wait(one, 2), 0)
      assert.deepStrictEqual(yield* next, [one, 2])
    })
  )

  it.scopedLive("SH-31 both directions are told apart, and one may go on waiting", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      assert.strictEqual(addon.wait(one, 3), 0)
      assert.deepStrictEqual(yield* next, [one, 2])
      addon.send(two, byte, 0, 1, 0, 0)
      assert.deepStrictEqual(yield* next, [one, 1])
      assert.deepStrictEqual(yield* told(5), [])
    })
  )

  it.scopedLive("M-17 a hang-up wakes who waits, in both directions", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      fill(one)
      assert.strictEqual(addon.wait(one, 3), 0)
      addon.close(two)
      const [handle, events] = yield* next
      assert.strictEqual(handle, one)
      assert.strictEqual(events, 3)
    })
  )

  it.scopedLive("M-17 an error is told as both, and told again to who waits again", () =>
    Effect.gen(function* () {
      const handle = yield* socket(AF["INET"], SOCK["STREAM"])
      const address = new Uint8Array(128)
      // A port that nobody has, because this one just had it.
      const gone = yield* socket(AF["INET"], SOCK["STREAM"])
      addon.bind(gone, address, addon.encodeInet(known(AF["INET"]), "127.0.0.1", 0, address))
      addon.connect(handle, address, addon.getsockname(gone, address))
      assert.strictEqual(addon.wait(handle, 2), 0)
      assert.deepStrictEqual(yield* next, [handle, 2])
      const error = new Uint8Array(4)
      assert.strictEqual(addon.getsockopt(handle, known(SOL["SOCKET"]), known(SO["ERROR"]), error), 4)
      assert.notDeepEqual(error, new Uint8Array(4))
      assert.strictEqual(addon.wait(handle, 1), 0)
      assert.deepStrictEqual(yield* next, [handle, 1])
    })
  )

  it.scopedLive("SH-11 a closed handle is told nothing, not even from inside the callback", () =>
    Effect.gen(function* () {
      const pairs = yield* Effect.all([pair(), pair()])
      for (const [one, two] of pairs) {
        addon.wait(two, 1)
        addon.send(one, byte, 0, 1, 0, 0)
      }
      const seen: Array<Handle> = []
      addon.onReady((handle) => {
        seen.push(handle)
        for (const [, two] of pairs) addon.close(two)
      })
      for (let at = 0; at < 5; at += 1) yield* turn
      assert.strictEqual(seen.length, 1)
    })
  )

  it.scopedLive("SH-13 wrong interests and stale handles are refused", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      for (const interest of [-1, 4, 0.5, Number.NaN]) assert.strictEqual(addon.wait(one, interest), -EINVAL)
      addon.close(two)
      assert.strictEqual(addon.wait(two, 1), -EBADF)
      assert.strictEqual(addon.wait(two, 0), -EBADF)
      assert.strictEqual(addon.wait(one, 0), 0)
    })
  )

  it.scopedLive("SH-31 a process stays while someone waits, and no longer", () =>
    Effect.gen(function* () {
      const child = yield* starts("waiting", { stdio: ["ignore", "pipe", "inherit", "pipe"] })
      const ended = yield* Effect.fork(exit(child))
      assert.strictEqual(yield* firstLine(child), "waiting")
      assert.strictEqual(child.exitCode, null)
      const rest = yield* Effect.fork(firstLine(child))
      const end = child.stdio[3]
      assert.isTrue(end !== null && end !== undefined && "write" in end)
      if (end !== null && end !== undefined && "write" in end) end.write("go")
      assert.strictEqual(yield* rest, "got go")
      assert.strictEqual(yield* ended, 0)
    })
  )

  it.live("SH-31 an idle socket does not keep a process, also when someone waited before", () =>
    Effect.map(runs("idle"), (said) => assert.strictEqual(said, "idle"))
  )

  it.live("SH-31 what the callback throws is an uncaught exception, and readiness goes on", () =>
    Effect.map(runs("throws"), (said) => assert.strictEqual(said, "caught, then ready"))
  )

  it.live(
    "M-19 SH-33 a worker may end in any way with sockets open and waited for, and descriptors received, many times",
    () => Effect.map(runs("workers"), (said) => assert.strictEqual(said, "nothing left"))
  )

  it("SH-31 the callback is a function", () => {
    // A value of any type, as JavaScript may hand it over.
    const nothing: unknown = undefined
    assert.throws(() => {
      Reflect.apply(addon.onReady, undefined, [nothing])
    }, TypeError)
  })
})
