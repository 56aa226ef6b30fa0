import { DuctError, RawDuct } from "@ductworks/core"
import { atEveryPoint } from "@ductworks/testing/Interruption"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FiberId, TestClock } from "effect"
import { scripted } from "./support/scripted.js"
import { bytes, text } from "./support/transports.js"

const closed = new DuctError.RemoteDuctClosed({})
const fault = new DuctError.LocalSocketFault({ operation: "recv", code: "EIO" })

const direct = Effect.map(scripted({ direct: true }), ({ connection, driver }) => ({
  driver,
  connection,
  pullInto: connection.pullInto ?? (() => Effect.dieMessage("there is no pullInto")),
  duct: RawDuct.fromConnection(connection)
}))

describe("Connection.pullInto", () => {
  it.scoped("is there only where the driver can read into a buffer", () =>
    Effect.gen(function* () {
      const { connection } = yield* scripted()
      assert.isFalse("pullInto" in connection)
      assert.isFalse("takeInto" in connection)
    })
  )

  it.scoped("SH-24 has the system fill the caller's buffer, and waits for the first byte", () =>
    Effect.gen(function* () {
      const { driver, pullInto } = yield* direct
      const buffer = bytes("........")
      const pull = yield* Effect.fork(pullInto(buffer))
      yield* Effect.yieldNow()
      driver.wake("read")
      yield* Effect.yieldNow()
      assert.isNull(pull.unsafePoll())
      driver.arrive([bytes("abc"), bytes("d")])
      assert.strictEqual(yield* Fiber.join(pull), 3)
      assert.strictEqual(text(buffer), "abc.....")
      assert.isTrue(driver.buffers.every((used) => used === buffer))
      assert.strictEqual(yield* pullInto(buffer), 1)
      assert.strictEqual(yield* pullInto(new Uint8Array(0)), 0)
    })
  )

  it.scoped("gives first what a look has already taken, in as many pieces as the buffer wants", () =>
    Effect.gen(function* () {
      const { connection, driver, pullInto } = yield* direct
      driver.arrive([bytes("abc"), bytes("defg")])
      yield* connection.readable
      const buffer = new Uint8Array(2)
      for (const expected of ["ab", "cd"]) {
        assert.strictEqual(yield* pullInto(buffer), 2)
        assert.strictEqual(text(buffer), expected)
      }
      assert.deepStrictEqual((yield* connection.pull).map(text), ["efg"])
      assert.strictEqual(driver.buffers.length, 0)
    })
  )

  it.scoped("the end is sticky, and shared with pull", () =>
    Effect.gen(function* () {
      for (const end of [closed, fault]) {
        const { connection, driver, pullInto } = yield* direct
        driver.arrive([bytes("x")], end)
        assert.strictEqual(yield* pullInto(new Uint8Array(9)), 1)
        for (let i = 0; i < 2; i++) assert.strictEqual(yield* Effect.flip(pullInto(new Uint8Array(9))), end)
        assert.strictEqual(yield* Effect.flip(connection.pull), end)
        assert.strictEqual(driver.buffers.length, 2)
      }
    })
  )

  it.scoped("closing wakes it", () =>
    Effect.gen(function* () {
      const { connection, pullInto } = yield* direct
      const pull = yield* Effect.fork(Effect.flip(pullInto(new Uint8Array(9))))
      yield* Effect.yieldNow()
      yield* connection.abort
      assert.instanceOf(yield* Fiber.join(pull), DuctError.DuctClosed)
    })
  )
})

describe("RawDuct over a connection that can read into buffers", () => {
  it.scoped("DW-11 SH-24 recvInto reads into the caller's buffer, after what the duct holds", () =>
    Effect.gen(function* () {
      const { driver, duct } = yield* direct
      const buffer = bytes("........")
      driver.arrive([bytes("abc")])
      assert.strictEqual(yield* duct.recvInto(buffer, { flags: { peek: true } }), 3)
      assert.strictEqual(driver.buffers.length, 0)
      assert.strictEqual(yield* duct.recvInto(buffer, { length: 2 }), 2)
      driver.arrive([bytes("xyz")])
      assert.strictEqual(yield* duct.recvInto(buffer), 1)
      assert.strictEqual(text(buffer), "cbc.....")
      assert.strictEqual(yield* duct.recvInto(buffer.subarray(4)), 3)
      assert.strictEqual(text(buffer), "cbc.xyz.")
      assert.strictEqual(driver.buffers.at(-1)?.buffer, buffer.buffer)
      driver.arrive(closed)
      assert.strictEqual(yield* duct.recvInto(buffer), 0)
      assert.strictEqual(yield* duct.recvInto(buffer, { flags: { waitAll: true } }), 0)
    })
  )

  it.scoped("DW-1 DW-11 recvInto times out, fails DuctBusy, and tells of faults", () =>
    Effect.gen(function* () {
      const { driver, duct } = yield* direct
      const buffer = new Uint8Array(9)
      const dontWait = Effect.flip(duct.recvInto(buffer, { flags: { dontWait: true } }))
      assert.instanceOf(yield* dontWait, DuctError.DuctTimeout)
      const waiting = yield* Effect.fork(Effect.flip(duct.recvInto(buffer)))
      yield* TestClock.adjust("29 seconds")
      for (const other of [duct.recvInto(buffer), duct.recv(1), duct.pull]) {
        assert.instanceOf(yield* Effect.flip<unknown, DuctError.DuctError, never>(other), DuctError.DuctBusy)
      }
      yield* TestClock.adjust("1 seconds")
      assert.instanceOf(yield* Fiber.join(waiting), DuctError.DuctTimeout)
      driver.arrive(fault)
      assert.strictEqual(yield* Effect.flip(duct.recvInto(buffer)), fault)
    })
  )

  it.scoped("DW-11 SH-24 recvInto of all bytes has the system fill the caller's buffer, wait by wait", () =>
    Effect.gen(function* () {
      const { driver, duct } = yield* direct
      const buffer = bytes("........")
      const receiving = yield* Effect.fork(duct.recvInto(buffer, { flags: { waitAll: true } }))
      for (const word of ["ab", "c", "defghij"]) {
        yield* Effect.yieldNow()
        assert.isNull(receiving.unsafePoll())
        driver.arrive([bytes(word)])
      }
      assert.strictEqual(yield* Fiber.join(receiving), 8)
      assert.strictEqual(text(buffer), "abcdefgh")
      assert.isTrue(driver.buffers.every((used) => used.buffer === buffer.buffer))
      driver.arrive(closed)
      assert.strictEqual(yield* duct.recvInto(buffer, { flags: { waitAll: true } }), 2)
      assert.strictEqual(text(buffer), "ijcdefgh")
    })
  )

  const ends = {
    interrupted: Fiber.interrupt,
    "timed out": (receiving: Fiber.RuntimeFiber<number, DuctError.DuctError>) =>
      Effect.zipRight(TestClock.adjust("30 seconds"), Fiber.await(receiving))
  }
  for (const [how, end] of Object.entries(ends)) {
    it.scoped(`DW-11 SH-24 what recvInto has of all bytes when it is ${how} is there for the next receive`, () =>
      Effect.gen(function* () {
        const { driver, duct } = yield* direct
        const buffer = bytes("........")
        const receiving = yield* Effect.fork(duct.recvInto(buffer, { flags: { waitAll: true } }))
        for (const word of ["ab", "c"]) {
          yield* Effect.yieldNow()
          driver.arrive([bytes(word)])
        }
        yield* Effect.yieldNow()
        assert.isFalse(Exit.isSuccess(yield* end(receiving)))
        buffer.fill(0)
        driver.arrive([bytes("def")])
        assert.strictEqual(text(yield* duct.recvExact(5)), "abcde")
        assert.strictEqual(text(yield* duct.recv(9)), "f")
      })
    )
  }

  it.scoped("DW-11 SH-24 whoever gets the turn of an interrupted recvInto gets its bytes, also when that goes on", () =>
    Effect.gen(function* () {
      const { driver, duct } = yield* direct
      const all = duct.recvInto(new Uint8Array(8), { flags: { waitAll: true } })
      const first = yield* Effect.fork(Effect.uninterruptible(all))
      yield* Effect.yieldNow()
      driver.arrive([bytes("abcd")])
      yield* Effect.yieldNow()
      first.unsafeInterruptAsFork(FiberId.none)
      yield* Effect.yieldNow()
      assert.isTrue(yield* duct.poll(0))
      assert.strictEqual(text(yield* duct.recv(8, { dontWait: true })), "abcd")
      driver.arrive([bytes("efgh")])
      driver.arrive([bytes("ijkl")])
      yield* Fiber.await(first)
    })
  )

  it.scoped("DW-11 SH-24 a buffer whose memory is transferred while recvInto waits is an error, and not the end", () =>
    Effect.gen(function* () {
      const { driver, duct, pullInto } = yield* direct
      const transferred = <A, E>(receive: (buffer: Uint8Array) => Effect.Effect<A, E>) =>
        Effect.gen(function* () {
          const buffer = new Uint8Array(8)
          const receiving = yield* Effect.fork(receive(buffer))
          yield* Effect.yieldNow()
          structuredClone(buffer.buffer, { transfer: [buffer.buffer] })
          driver.arrive([bytes("abc")])
          const end = yield* Fiber.join(receiving)
          assert.strictEqual(text(yield* duct.recv(9)), "abc")
          return end
        })
      assert.strictEqual(yield* transferred(pullInto), 0)
      for (const waitAll of [false, true]) {
        const error = yield* transferred((buffer) => Effect.flip(duct.recvInto(buffer, { flags: { waitAll } })))
        assert.instanceOf(error, DuctError.InvalidArgument)
      }
    })
  )

  it.scoped("DW-11 SH-24 a fault takes nothing of what came before it from the next receive", () =>
    Effect.gen(function* () {
      const { driver, duct } = yield* direct
      driver.arrive([bytes("abc")], fault)
      assert.strictEqual(yield* Effect.flip(duct.recvInto(new Uint8Array(8), { flags: { waitAll: true } })), fault)
      assert.strictEqual(text(yield* duct.recv(9)), "abc")
    })
  )

  it.scoped("DW-11 SH-24 recvInto of all bytes loses none, whenever it is interrupted between two of them", () =>
    Effect.gen(function* () {
      for (let turns = 0; turns < 12; turns++) {
        const { driver, duct } = yield* direct
        const buffer = new Uint8Array(6)
        let taken = ""
        const receiving = yield* Effect.fork(
          Effect.flatMap(duct.recvInto(buffer, { flags: { waitAll: true } }), (count) =>
            Effect.sync(() => (taken += text(buffer.subarray(0, count))))
          )
        )
        const arriving = yield* Effect.fork(
          Effect.forEach("abcdef", (letter) =>
            Effect.zipRight(
              Effect.yieldNow(),
              Effect.sync(() => driver.arrive([bytes(letter)]))
            )
          )
        )
        for (let i = 0; i < turns; i++) yield* Effect.yieldNow()
        yield* Fiber.interrupt(receiving)
        buffer.fill(0)
        yield* Fiber.join(arriving)
        driver.arrive(closed)
        taken += text(yield* duct.recv(9, { waitAll: true }))
        assert.strictEqual(taken, "abcdef")
      }
    })
  )

  it.scoped("SH-23 SH-26 recvExact and readv of many bytes read them into one memory", () =>
    Effect.gen(function* () {
      const { driver, duct } = yield* direct
      const body = new Uint8Array(200_000).map((_, index) => index % 251)
      driver.arrive([Buffer.concat([bytes("head"), body.subarray(0, 10)])])
      assert.strictEqual(text(yield* duct.recvExact(4)), "head")
      driver.arrive([body.subarray(10, 150_000)], [Buffer.concat([body.subarray(150_000), bytes("tail")])])
      const received = yield* duct.recvExact(body.length)
      assert.deepStrictEqual(received, body)
      // The system filled what the caller has now.
      assert.isTrue(driver.buffers.length > 0 && driver.buffers.every(({ buffer }) => buffer === received.buffer))
      assert.strictEqual(text(yield* duct.recv(9)), "tail")
      driver.arrive([body], closed)
      const parts = yield* duct.readv([100_000, 60_000, 100_000])
      assert.deepStrictEqual(Buffer.concat(parts), Buffer.from(body))
      assert.deepStrictEqual(
        parts.map(({ length }) => length),
        [100_000, 60_000, 40_000]
      )
    })
  )

  it.scoped("M-9 a count is not believed before the bytes are here", () =>
    Effect.gen(function* () {
      const { driver, duct } = yield* direct
      const waiting = yield* Effect.fork(duct.recvExact(2 ** 40))
      yield* Effect.yieldNow()
      driver.arrive([new Uint8Array(2_000_000)])
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(waiting)
      assert.isTrue(driver.buffers.length > 1)
      for (const { buffer } of driver.buffers) assert.isAtMost(buffer.byteLength, 4_000_000)
      assert.strictEqual((yield* duct.recvExact(2_000_000)).length, 2_000_000)
    })
  )

  it.effect("DW-11 SH-24 interrupted at any point, receives lose no byte", () =>
    Effect.gen(function* () {
      const large = "x".repeat(70_000)
      for (const words of [["abcdefgh"], ["", "abcdefgh"], ["ab", "cd"], ["a", large, "z"]]) {
        for (const kind of ["into", "all into", "exact"]) {
          const points = yield* atEveryPoint((interrupted) =>
            Effect.gen(function* () {
              const { driver, duct } = yield* direct
              let taken = ""
              const note = (received: Uint8Array) => {
                taken += text(received)
                return Effect.void
              }
              const buffer = new Uint8Array(5)
              const flags = { waitAll: kind === "all into" }
              const into = Effect.flatMap(duct.recvInto(buffer, { flags }), (count) => note(buffer.subarray(0, count)))
              const exact = Effect.flatMap(duct.recvExact(large.length), note)
              const arrive = (word: string) => Effect.sync(() => word !== "" && driver.arrive([bytes(word)]))
              yield* arrive(words[0] ?? "")
              const rest = Effect.forEach(words.slice(1), (word) => Effect.zipRight(Effect.yieldNow(), arrive(word)))
              const arriving = yield* Effect.fork(
                Effect.zipRight(
                  rest,
                  Effect.sync(() => driver.arrive(closed))
                )
              )
              yield* interrupted(Effect.ignore(kind === "exact" ? exact : into))
              yield* Fiber.join(arriving)
              yield* Effect.flatMap(duct.recv(100_000, { waitAll: true }), note)
              assert.strictEqual(taken, words.join(""))
            }).pipe(Effect.scoped)
          )
          assert.isAbove(points, 3)
        }
      }
    })
  )
})
