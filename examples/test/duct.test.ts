import { Address, DuctError } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { MemoryTransport } from "@ductworks/testing"
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { program as pair } from "../src/ex01-pair/program.js"
import { program as explicitUnix } from "../src/ex02-unix/program.js"
import { program as explicitTcp } from "../src/ex03-tcp/program.js"
import { program as values } from "../src/ex04-values/program.js"
import { message, program as bigMessage } from "../src/ex06-big-message/program.js"
import { program as fourWriters } from "../src/ex07-four-writers/program.js"
import { program as closed } from "../src/ex09-closed/program.js"
import { program as throughput } from "../src/ex10-throughput/program.js"
import { printed } from "./support/printed.js"
import { pairs, systems, tcpPairs } from "./support/transports.js"

describe("examples in one process", () => {
  for (const [transport, layer] of pairs) {
    it.live(`EX-1 a pair says hello both ways, and polls (${transport})`, () =>
      Effect.gen(function* () {
        const { value } = yield* printed(pair)
        assert.deepStrictEqual(value, {
          childPoll: true,
          parentPoll: true,
          echo: "hello!",
          toChild: "hello world",
          toParent: "hello this is dog"
        })
      }).pipe(Effect.provide(layer))
    )

    it.live(`EX-6 a big message from a concurrent fiber arrives whole (${transport})`, () =>
      Effect.gen(function* () {
        const { lines, value } = yield* printed(bigMessage)
        assert.deepStrictEqual(value, message)
        assert.deepStrictEqual(lines, ["a message of 1179664 characters arrived whole"])
      }).pipe(Effect.provide(layer))
    )

    it.live(`EX-7 four writers × 25 big messages: all 100 arrive intact (${transport})`, () =>
      Effect.gen(function* () {
        const { value } = yield* printed(fourWriters)
        assert.deepStrictEqual(value, { intact: 100, more: false })
      }).pipe(Effect.provide(layer))
    )

    // Over TCP the kernel cannot tell a closed end from one that only stopped sending, until it has answered.
    if (transport === "tcp") continue
    it.live(`EX-9 after the child closed, recv and then send fail with RemoteDuctClosed (${transport})`, () =>
      Effect.gen(function* () {
        const { recvError, sendError } = (yield* printed(closed)).value
        assert.strictEqual(recvError._tag, "RemoteDuctClosed")
        assert.strictEqual(sendError._tag, "RemoteDuctClosed")
        assert.isTrue(DuctError.isEndOfFile(recvError) && DuctError.isEndOfFile(sendError))
      }).pipe(Effect.provide(layer))
    )
  }

  it.live(
    "EX-9 over TCP recv fails, and a send as soon as the other end has answered, both RemoteDuctClosed (tcp)",
    () =>
      Effect.gen(function* () {
        const [parent, child] = yield* MessageDuct.pair()
        yield* child.close()
        assert.strictEqual((yield* Effect.flip(parent.recv))._tag, "RemoteDuctClosed")
        assert.strictEqual((yield* Effect.flip(Effect.forever(parent.send("test"))))._tag, "RemoteDuctClosed")
        assert.strictEqual((yield* Effect.flip(parent.recv))._tag, "RemoteDuctClosed")
      }).pipe(Effect.scoped, Effect.provide(tcpPairs))
  )

  it.live("EX-2 the child connects before listen is called (memory)", () =>
    Effect.gen(function* () {
      const { value } = yield* printed(explicitUnix(Address.MemoryAddress("example")))
      assert.isTrue(value.connected)
      assert.strictEqual(value.received, "hello from the child")
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  for (const [transport, layer] of systems) {
    it.scopedLive(`EX-2 the child connects before listen is called (${transport})`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* fs.makeTempDirectoryScoped()
        const path = `${folder}/example.sock`
        const { value } = yield* printed(explicitUnix(Address.UnixAddress(path)))
        assert.deepStrictEqual(value, {
          bound: Address.UnixAddress(path),
          connected: true,
          received: "hello from the child"
        })
        assert.deepStrictEqual(yield* fs.readDirectory(folder), [])
      }).pipe(Effect.provide(layer), Effect.provide(NodeContext.layer))
    )

    it.live(
      `EX-3 explicit TCP: a free port, both ways, then the end of the duct (${transport === "unix" ? "tcp" : transport})`,
      () =>
        Effect.gen(function* () {
          const { bound, error, list, text } = (yield* printed(explicitTcp(Address.TcpAddress("127.0.0.1", 0)))).value
          assert.isTrue(bound._tag === "TcpAddress" && bound.hostname === "127.0.0.1" && bound.port > 0)
          assert.deepStrictEqual([text, list], ["test", ["bob", "saget"]])
          assert.strictEqual(error._tag, "RemoteDuctClosed")
          assert.isTrue(DuctError.isEndOfFile(error))
        }).pipe(Effect.provide(layer))
    )

    it.live(`EX-4 ["hello world", 42] round-trips; the bind path is gone after close (${transport})`, () =>
      Effect.gen(function* () {
        const { value } = yield* printed(values)
        assert.deepStrictEqual(value, { received: ["hello world", 42], whileBound: true, afterClose: false })
      }).pipe(Effect.provide(layer), Effect.provide(NodeContext.layer))
    )

    it.live(
      `EX-10 all 250 messages arrive; characters/1024/s is reported; the path is gone (${transport})`,
      () =>
        Effect.gen(function* () {
          const { lines, value } = yield* printed(throughput)
          assert.strictEqual(value.intact, 250)
          assert.isFalse(value.afterClose)
          assert.include(lines, `${Math.round(value.rate)} characters/1024/s`)
          assert.isAbove(value.rate, 0)
        }).pipe(Effect.provide(layer), Effect.provide(NodeContext.layer)),
      60_000
    )
  }
})
