import { type Connection, DuctError } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { scripted } from "./support/scripted.js"

/** Bytes that are made when they are asked for. */
class Source implements Connection.Deferred {
  private bytes: Array<number> = []

  constructor(...bytes: ReadonlyArray<number>) {
    this.add(...bytes)
  }

  add(...bytes: ReadonlyArray<number>): void {
    this.bytes.push(...bytes)
  }

  get size(): number {
    return this.bytes.length
  }

  take(): Connection.Chunks | undefined {
    const { bytes } = this
    this.bytes = []
    return bytes.length === 0 ? undefined : [Uint8Array.from(bytes)]
  }
}

/** Microtasks that are due have run. */
const turnEnd = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

const written = (driver: { readonly written: ReadonlyArray<Uint8Array> }) =>
  driver.written.map((chunk) => Array.from(chunk))

const gathering = (options: Parameters<typeof scripted>[0] = {}) =>
  Effect.tap(scripted(options), ({ driver }) => {
    driver.gathering = true
  })

describe("what is deferred to the end of the turn", () => {
  it.scoped("leaves with it, as much as there is by then, and is pending until it has left", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* gathering()
      const source = new Source(1, 2)
      assert.isTrue(connection.defer(source, 1))
      assert.isTrue(connection.defer(source, 1))
      source.add(3)
      assert.deepStrictEqual([connection.pending(), connection.left(), written(driver)], [3, 0, []])
      yield* turnEnd
      assert.deepStrictEqual([connection.pending(), connection.left(), written(driver)], [3, 0, [[1, 2, 3]]])
      driver.leave(3)
      assert.deepStrictEqual([connection.pending(), connection.left()], [0, 3])
    })
  )

  it.scoped("leaves at once when it is told to, and then not again", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* gathering()
      connection.leave()
      assert.isTrue(connection.defer(new Source(1), 0))
      connection.leave()
      assert.deepStrictEqual(written(driver), [[1]])
      yield* turnEnd
      assert.deepStrictEqual(written(driver), [[1]])
    })
  )

  it.scoped("is refused while something would leave at once, and was not asked for then", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* scripted()
      const source = new Source(1)
      assert.isFalse(connection.defer(source, 1))
      yield* turnEnd
      assert.deepStrictEqual([source.size, driver.calls], [1, ["start"]])
    })
  )

  it.scoped("leaves before what is written after it, and before that of another source", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* gathering()
      const [first, second] = [new Source(1), new Source(3)]
      assert.isTrue(connection.defer(first, 0))
      yield* connection.write([Uint8Array.of(2)])
      assert.isTrue(connection.defer(second, 0))
      first.add(4)
      assert.isTrue(connection.defer(first, 0))
      yield* turnEnd
      assert.deepStrictEqual(written(driver), [[1], [2], [3], [4]])
    })
  )

  it.scoped("leaves before what was waiting to be written, once that may go on", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* gathering({ highWaterMark: 1 })
      yield* connection.write([Uint8Array.of(1)])
      const writing = yield* Effect.fork(connection.write([Uint8Array.of(3)]))
      yield* Effect.yieldNow()
      driver.leave(1)
      assert.isTrue(connection.defer(new Source(2), 0))
      yield* turnEnd
      driver.leave(1)
      yield* Fiber.join(writing)
      assert.deepStrictEqual(written(driver), [[1], [2], [3]])
    })
  )

  it.scoped("counts toward the high-water mark", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* gathering({ highWaterMark: 2 })
      const source = new Source(1)
      assert.isTrue(connection.defer(source, 1))
      source.add(2)
      const writing = yield* Effect.fork(connection.write([Uint8Array.of(3)]))
      assert.isFalse(connection.defer(source, 1), "two bytes are pending")
      yield* turnEnd
      assert.deepStrictEqual([written(driver), writing.unsafePoll()], [[[1, 2]], null])
      driver.leave(1)
      yield* Fiber.join(writing)
    })
  )

  it.scoped("is at most 64 KiB in a turn, whoever it is: it is put before there would be more", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* gathering()
      const source = new Source(1, 2, 3)
      assert.isTrue(connection.defer(source, 3))
      assert.isTrue(connection.defer(source, 64 * 1024 - 3))
      assert.deepStrictEqual(written(driver), [])
      const other = yield* gathering()
      assert.isTrue(other.connection.defer(new Source(4), 1))
      assert.deepStrictEqual([written(driver), written(other.driver)], [[[1, 2, 3]], []])
      assert.isFalse(other.connection.defer(new Source(5), 64 * 1024 + 1), "it is too much for any turn")
      assert.deepStrictEqual(written(other.driver), [[4]])
    })
  )

  it.scoped("is what a flush waits for, and a half-close sends", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* gathering()
      assert.isTrue(connection.defer(new Source(1, 2), 0))
      const flushing = yield* Effect.fork(connection.flush)
      yield* Effect.yieldNow()
      assert.deepStrictEqual([written(driver), flushing.unsafePoll()], [[[1, 2]], null])
      driver.leave(2)
      yield* Fiber.join(flushing)
      assert.isTrue(connection.defer(new Source(3), 0))
      yield* connection.endWrite
      assert.deepStrictEqual(driver.calls, ["start", "put", "put", "endWrite"])
    })
  )

  it.effect("leaves before a connection closes, and is dropped when it is broken off", () =>
    Effect.gen(function* () {
      for (const [exit, expected] of [
        [Exit.void, ["start", "put", "linger", "now"]],
        [Exit.fail("why"), ["start", "now"]]
      ] as const) {
        const scope = yield* Scope.make()
        const { connection, driver } = yield* Scope.extend(gathering(), scope)
        const source = new Source(1)
        assert.isTrue(connection.defer(source, 0))
        yield* Scope.close(scope, exit)
        assert.deepStrictEqual([driver.calls, source.size], [expected, 0])
        source.add(2)
        assert.isFalse(connection.defer(source, 0), "it is closed")
        yield* turnEnd
        assert.strictEqual(driver.calls.length, expected.length)
      }
    })
  )

  it.scoped("is dropped with a connection that broke meanwhile", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* gathering()
      const source = new Source(1)
      assert.isTrue(connection.defer(source, 0))
      driver.break(new DuctError.RemoteDuctClosed({ code: "EPIPE" }))
      yield* turnEnd
      assert.deepStrictEqual([written(driver), source.size, connection.pending()], [[], 0, 0])
      assert.isFalse(connection.defer(new Source(2), 0))
    })
  )

  it.scoped("is refused once the end was seen: a write then waits until it has left", () =>
    Effect.gen(function* () {
      const { connection, driver } = yield* gathering()
      driver.arrive(new DuctError.RemoteDuctClosed({}))
      yield* Effect.flip(connection.pull)
      assert.isFalse(connection.defer(new Source(1), 0))
    })
  )
})
