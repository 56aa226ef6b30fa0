import { type Address, DuctError } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { assert, describe } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { spawn } from "node:child_process"
import { byHand, frameOf, json, type Kind, over, transports, turn } from "./support/transports.js"

const sockets = transports.filter(({ name }) => name !== "memory")

/**
 * Another process, which connects and does what the JavaScript says with its `socket`, the address and the `bytes` it
 * was given. How it ended; the scope ends it.
 */
const peer = (address: Address.Address, program: string, bytes: Uint8Array = new Uint8Array()) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const to = address._tag === "TcpAddress" ? { port: address.port, host: address.hostname } : address
        const script = [
          `const bytes = Buffer.from("${Buffer.from(bytes).toString("hex")}", "hex")`,
          `const socket = require("node:net").connect(${JSON.stringify(to)}, () => { ${program} })`
        ]
        return spawn(process.execPath, ["-e", script.join("\n")], { stdio: ["ignore", "ignore", "inherit"] })
      }),
      (child) =>
        Effect.async<void>((resume) => {
          if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGKILL")
        })
    ),
    (child) =>
      Effect.async<string | null>((resume) => {
        if (child.signalCode !== null) return resume(Effect.succeed(child.signalCode))
        child.once("exit", (_, signal) => resume(Effect.succeed(signal)))
      })
  )

const killedBy = (kind: Kind, program: string, bytes?: Uint8Array) =>
  Effect.gen(function* () {
    const duct = yield* MessageDuct.parent(kind.anywhere)
    yield* duct.bind()
    const ended = yield* peer(yield* duct.listenerAddress, program, bytes)
    assert.isTrue(yield* duct.listen())
    return { duct, ended }
  })

const suicide = `process.kill(process.pid, "SIGKILL")`

describe("a peer that is killed", () => {
  over(
    "DW-25 M-15 inside a frame: what is whole arrives, then a typed end, also for a receive that waits",
    (kind) =>
      Effect.gen(function* () {
        const whole = json("one", ["two"])
        const part = frameOf("half", 1000)
        const bytes = Buffer.concat([whole, part])
        const { duct, ended } = yield* killedBy(kind, `socket.write(bytes, () => ${suicide})`, bytes)
        assert.deepStrictEqual([yield* duct.recv, yield* duct.recv], ["one", ["two"]])
        const waiting = yield* Effect.fork(Effect.flip(duct.recv))
        assert.strictEqual(yield* ended, "SIGKILL")
        const error = yield* Fiber.join(waiting)
        // Nothing was left unread on its side, so this is an end, no reset.
        assert.instanceOf(error, DuctError.MessageTruncated)
        assert.deepStrictEqual([error.received, error.expected], [part.length, 1005])
        assert.isTrue(DuctError.isEndOfFile(error))
        for (const again of [duct.recv, duct.recvAll]) assert.deepStrictEqual(yield* Effect.flip(again), error)
        assert.isTrue(yield* duct.poll(0))
      }),
    sockets
  )

  over(
    "DW-35 M-15 in the middle of what is sent to it: the send that waits ends with a typed error, and so do the next ones",
    (kind) =>
      Effect.gen(function* () {
        const program = `let seen = 0; socket.on("data", (chunk) => { if ((seen += chunk.length) > 1e6) ${suicide} })`
        const { duct, ended } = yield* killedBy(kind, program)
        const receiving = yield* Effect.fork(Effect.flip(duct.recv))
        const error = yield* Effect.flip(Effect.forever(duct.send("x".repeat(100_000))))
        assert.isTrue(DuctError.isEndOfFile(error), error._tag)
        assert.isTrue(DuctError.isEndOfFile(yield* Fiber.join(receiving)))
        assert.isTrue(DuctError.isEndOfFile(yield* Effect.flip(Effect.forever(duct.send("again")))))
        assert.isTrue(DuctError.isEndOfFile(yield* Effect.flip(duct.recv)))
        assert.strictEqual(yield* ended, "SIGKILL")
      }),
    sockets
  )
})

const bytes = json("first", { second: true })

const everyCut = (kind: Kind) =>
  Effect.gen(function* () {
    const first = json("first").length
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { duct, hand } = yield* byHand(kind)
      yield* hand.sendAll(bytes.subarray(0, cut))
      yield* hand.close()
      if (cut >= first) assert.strictEqual(yield* duct.recv, "first")
      if (cut === bytes.length) assert.deepStrictEqual(yield* duct.recv, { second: true })
      const received = cut === bytes.length ? 0 : cut < first ? cut : cut - first
      const error = yield* Effect.flip(duct.recv)
      if (received === 0) {
        assert.instanceOf(error, DuctError.RemoteDuctClosed)
      } else {
        assert.instanceOf(error, DuctError.MessageTruncated)
        const whole = cut < first ? first : bytes.length - first
        assert.deepStrictEqual([error.received, error.expected], [received, received < 5 ? 5 : whole])
      }
      assert.isTrue(DuctError.isEndOfFile(error))
    }
  }).pipe(Effect.scoped)

describe("over sockets", () => {
  over("DW-25 DW-27 truncation at every offset of two frames", everyCut, sockets)

  over(
    "DW-33 M-15 every split point of two frames gives both",
    (kind) =>
      Effect.gen(function* () {
        const { duct, hand } = yield* byHand(kind)
        for (let cut = 1; cut < bytes.length; cut++) {
          const receiving = yield* Effect.fork(Effect.all([duct.recv, duct.recv]))
          yield* hand.sendAll(bytes.subarray(0, cut))
          // What was sent first has arrived, and was looked at, when the rest is sent.
          yield* hand.flush
          yield* turn
          yield* turn
          yield* hand.sendAll(bytes.subarray(cut))
          assert.deepStrictEqual(yield* Fiber.join(receiving), ["first", { second: true }])
        }
      }),
    sockets
  )
})
