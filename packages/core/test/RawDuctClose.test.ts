import { Address, DuctError, RawDuct } from "@ductworks/core"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it, vi } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope, Stream } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { scripted } from "./support/fakes.js"
import { bytes, connected, over, scoped, text, transports, turn } from "./support/transports.js"

const sockets = transports.filter(({ name }) => name !== "memory")

const operations = (duct: RawDuct.RawDuct): Record<string, Effect.Effect<unknown, DuctError.DuctError>> => ({
  send: duct.send(bytes("x")),
  sendAll: duct.sendAll(bytes("x")),
  writev: duct.writev([bytes("x")]),
  flush: duct.flush,
  endWrite: duct.endWrite,
  recv: duct.recv(1),
  recvInto: duct.recvInto(new Uint8Array(1)),
  recvExact: duct.recvExact(1),
  readv: duct.readv([1]),
  poll: duct.poll(0),
  fileno: duct.fileno,
  localAddress: duct.localAddress,
  remoteAddress: duct.remoteAddress
})

const assertUnconnected = (duct: RawDuct.RawDuct) =>
  Effect.gen(function* () {
    for (const [operation, effect] of Object.entries(operations(duct))) {
      assert.deepStrictEqual(yield* Effect.flip(effect), new DuctError.NotConnected({ operation }))
    }
    assert.instanceOf(yield* Effect.flip(Stream.runDrain(duct.stream)), DuctError.NotConnected)
  })

/**
 * A process that inherits the descriptor and holds on to it: on the first byte at its standard input it writes
 * "still here" to the descriptor, at the end it exits.
 */
const heir = (fd: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const script = `process.stdin.once("data", () => require("node:fs").writeSync(3, "still here"))`
      return spawn(process.execPath, ["-e", script], { stdio: ["pipe", "ignore", "inherit", fd] })
    }),
    (child) =>
      Effect.async<void>((resume) => {
        if (child.exitCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.stdin?.end()
      })
  )

/** Sends until nothing more is taken, also after the system had a turn. */
const fill = (duct: RawDuct.RawDuct) =>
  Effect.gen(function* () {
    for (let refusals = 0; refusals < 3;) {
      const sent = yield* Effect.either(duct.send(new Uint8Array(64 * 1024), { dontWait: true }))
      refusals = sent._tag === "Left" ? refusals + 1 : 0
      yield* turn
    }
  })

describe("not connected, and closed", () => {
  over("DW-16 DW-23 unconnected, each operation is NotConnected and names itself; so is a bound parent", (kind) =>
    Effect.gen(function* () {
      const parent = yield* RawDuct.parent(kind.anywhere)
      yield* assertUnconnected(parent)
      yield* parent.bind()
      yield* assertUnconnected(parent)
      const child = yield* RawDuct.child({ address: yield* parent.listenerAddress })
      yield* assertUnconnected(child)
      yield* child.connect()
      yield* parent.listen()
      yield* parent.close()
      yield* assertUnconnected(parent)
    })
  )

  over(
    "DW-13 fileno is the connection's descriptor, another one at each end",
    (kind) =>
      Effect.gen(function* () {
        const { child, parent } = yield* connected(kind)
        const [one, other] = [yield* parent.fileno, yield* child.fileno]
        assert.isAbove(one, 2)
        assert.isAbove(other, 2)
        assert.notStrictEqual(one, other)
      }),
    sockets
  )

  over("DW-13 DW-14 fileno tells no number of what is closed, early or by its scope", (kind) =>
    Effect.gen(function* () {
      const { leave, within } = yield* scoped
      const [left, right] = yield* within(RawDuct.pair())
      yield* left.close()
      assert.deepStrictEqual(yield* Effect.flip(left.fileno), new DuctError.DuctClosed({ operation: "fileno" }))
      assert.strictEqual(yield* Effect.isSuccess(right.fileno), kind.name !== "memory")
      yield* leave
      assert.deepStrictEqual(yield* Effect.flip(right.fileno), new DuctError.DuctClosed({ operation: "fileno" }))
    })
  )

  it.scoped("DW-13 where there is no descriptor, fileno is Unsupported (memory)", () =>
    Effect.gen(function* () {
      const [left] = yield* RawDuct.pair()
      assert.instanceOf(yield* Effect.flip(left.fileno), DuctError.Unsupported)
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  over(
    "DW-14 DW-21 close leaves the connection to whoever inherited it; with shutdown it ends for all",
    (kind) =>
      Effect.gen(function* () {
        const { child, parent } = yield* connected(kind)
        const process = yield* heir(yield* parent.fileno)
        yield* parent.sendAll(bytes("mine, "))
        yield* parent.close()
        process.stdin?.write("go")
        assert.strictEqual(text(yield* child.recvExact(16)), "mine, still here")

        const again = yield* connected(kind)
        const holder = yield* heir(yield* again.parent.fileno)
        yield* again.parent.sendAll(bytes("last"))
        yield* again.parent.close({ shutdown: true })
        assert.strictEqual(text(yield* again.child.recv(100, { waitAll: true })), "last")
        assert.isNull(holder.exitCode)
      }),
    transports.filter(({ name }) => name === "unix")
  )

  over("DW-14 DW-17 DW-18 what was sent leaves before the close, with shutdown or without", (kind) =>
    Effect.gen(function* () {
      for (const shutdown of [false, true]) {
        const { child, parent } = yield* connected(kind)
        const receiving = yield* Effect.fork(parent.recv(2 ** 20, { waitAll: true }))
        for (let i = 0; i < 20; i++) yield* child.send(new Uint8Array(50_000).fill(i))
        yield* child.close({ shutdown })
        assert.strictEqual((yield* Fiber.join(receiving)).length, 1_000_000)
      }
    })
  )

  over("DW-17 DW-18 towards an end that does not read, a close takes no longer than linger", (kind) =>
    Effect.gen(function* () {
      for (const close of [{}, { shutdown: true }]) {
        const { child, parent } = yield* connected(kind, { linger: "20 millis" })
        yield* fill(child)
        const full = yield* Effect.fork(Effect.forever(child.send(new Uint8Array(64 * 1024))))
        yield* turn
        yield* child.close(close).pipe(Effect.timeout("5 seconds"))
        assert.instanceOf(yield* Effect.flip(Fiber.join(full)), DuctError.DuctClosed)
        yield* parent.close()
      }
    })
  )

  for (const [localAddress, seconds] of [
    [Address.MemoryAddress("here"), 3],
    [Address.TcpAddress("127.0.0.1", 1), 10]
  ] as const) {
    it.effect(`DW-14 DW-18 a shutdown before a close has ${seconds} seconds (${localAddress._tag})`, () =>
      Effect.gen(function* () {
        const timers = vi.spyOn(globalThis, "setTimeout")
        yield* Effect.addFinalizer(() => Effect.sync(() => timers.mockRestore()))
        const duct = RawDuct.fromConnection(yield* scripted({ endWrite: turn }, { localAddress }))
        yield* duct.close({ shutdown: true })
        const longest = Math.max(...timers.mock.calls.map(([, millis]) => millis ?? 0))
        assert.strictEqual(Math.ceil(longest / 1000), seconds)
      }).pipe(Effect.scoped)
    )
  }

  for (const [how, last] of [
    ["close", "now"],
    ["close with shutdown", "reset"],
    ["leaving the scope", "now"]
  ] as const) {
    it.scopedLive(`DW-14 M-19 ${how} ends also when it is interrupted while it waits`, () =>
      Effect.gen(function* () {
        const begun = yield* Deferred.make<void>()
        const endless = Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never)
        const modes: Array<string> = []
        const close = (mode: string) => (mode === "linger" ? endless : Effect.sync(() => void modes.push(mode)))
        const linger = "20 millis"
        const scope = yield* Scope.make()
        const connection = yield* Scope.extend(scripted({ endWrite: endless, close }, { linger }), scope)
        const duct = RawDuct.fromConnection(connection, { linger })
        const shutdown = how === "close with shutdown"
        const closing = how === "leaving the scope" ? Scope.close(scope, Exit.void) : duct.close({ shutdown })
        const fiber = yield* Effect.fork(closing)
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(modes, [last])
        yield* Scope.close(scope, Exit.void)
      })
    )
  }

  over("DW-21 closing is no error when the other end is gone already", (kind) =>
    Effect.gen(function* () {
      const { child, parent } = yield* connected(kind)
      yield* parent.sendAll(bytes("unread"))
      yield* child.close()
      yield* Effect.ignore(parent.sendAll(bytes("to nobody")))
      yield* turn
      yield* parent.close({ shutdown: true })
      yield* parent.close()
    })
  )

  over("DW-14 M-19 a descriptor that was closed is not closed again when its number is somebody else's", (kind) =>
    Effect.gen(function* () {
      const { leave, within } = yield* scoped
      const first = yield* within(connected(kind))
      yield* first.child.close()
      yield* first.parent.close()
      const second = yield* connected(kind)
      yield* first.child.close({ shutdown: true })
      yield* first.parent.close()
      yield* leave
      yield* second.child.sendAll(bytes("untouched"))
      assert.strictEqual(text(yield* second.parent.recvExact(9)), "untouched")
    })
  )

  over("DW-14 a duct over a connection that stands closes it, and drops what was not received", (kind) =>
    Effect.gen(function* () {
      const [left, right] = yield* RawDuct.pair()
      yield* left.sendAll(bytes("abc"))
      assert.strictEqual(text(yield* right.recvExact(1)), "a")
      yield* right.close()
      assert.instanceOf(yield* Effect.flip(right.recv(1)), DuctError.DuctClosed)
      assert.instanceOf(yield* Effect.flip(right.sendAll(bytes("x"))), DuctError.DuctClosed)
      assert.strictEqual((yield* left.recv(1)).length, 0, kind.name)
    })
  )

  over("DW-15 law 9: after its scope a duct opens nothing that nobody would close", (kind) =>
    Effect.gen(function* () {
      const { leave, within } = yield* scoped
      const address = yield* kind.free
      const parent = yield* within(RawDuct.parent({ address }))
      const child = yield* within(RawDuct.child({ address }))
      yield* leave
      const other = yield* RawDuct.parent({ address })
      yield* other.bind()
      const connected = yield* Effect.flip(child.connect({ retryCount: 0 }))
      assert.deepStrictEqual(connected, new DuctError.DuctClosed({ operation: "connect" }))
      assert.isFalse(yield* other.listen(0))
      yield* other.close()
      const errors = [yield* Effect.flip(parent.bind()), yield* Effect.flip(parent.listen(0))]
      assert.deepStrictEqual(errors, [
        new DuctError.DuctClosed({ operation: "bind" }),
        new DuctError.DuctClosed({ operation: "listen" })
      ])
      if (address._tag === "UnixAddress") assert.isFalse(fs.existsSync(address.path))
      assert.instanceOf(yield* Effect.flip(parent.poll(0)), DuctError.NotConnected)
    })
  )

  for (const operation of ["connect", "listen"] as const) {
    for (const how of ["close", "scope"] as const) {
      over(`DW-14 of two calls of ${operation}, neither has an effect after the ${how}`, (kind) =>
        Effect.gen(function* () {
          const { leave, within } = yield* scoped
          const address = yield* kind.free
          const other = yield* RawDuct.parent({ address })
          if (operation === "connect") yield* other.bind(2)
          const child = yield* within(RawDuct.child({ address }))
          const parent = yield* within(RawDuct.parent({ address }))
          const call: Effect.Effect<unknown, DuctError.DuctError> =
            operation === "connect" ? child.connect() : parent.listen(0)
          const calls = yield* Effect.replicateEffect(Effect.fork(Effect.flip(call)), 2)
          yield* Effect.yieldNow()
          yield* how === "scope" ? leave : Effect.zipRight(child.close(), parent.close())
          for (const fiber of calls) assert.instanceOf(yield* Fiber.join(fiber), DuctError.DuctClosed)
          assert.instanceOf(yield* Effect.flip(child.poll(0)), DuctError.NotConnected)
          yield* other.bind()
          yield* leave
        })
      )
    }
  }
})
