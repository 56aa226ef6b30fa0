import { NodeChild } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Work } from "./fixtures/child/contract.js"
import { isThere, shell, worker } from "./fixtures/child/support.js"

describe("NodeChild.spawn, bad children", () => {
  it.scopedLive("DW-24 a child that writes garbage is a MessageProtocolError", () =>
    Effect.gen(function* () {
      const child = yield* NodeChild.spawn(Work, shell("printf garbage >&3"))
      const error = yield* Effect.flip(child.recv)
      assert.include(error, { _tag: "MessageProtocolError", expected: 0x54, received: 0x67 })
    })
  )

  it.scopedLive(
    "DW-25 a child that is killed inside a frame is a ChildExited; one that exits there, a MessageTruncated",
    () =>
      Effect.gen(function* () {
        const frame = `printf 'T\\0\\0\\0\\144half' >&3`
        const killed = yield* NodeChild.spawn(Work, shell(`${frame}; kill -9 $$`))
        assert.include(yield* Effect.flip(killed.recv), { _tag: "ChildExited", signal: "SIGKILL" })
        const ended = yield* NodeChild.spawn(Work, shell(frame))
        assert.include(yield* Effect.flip(ended.recv), { _tag: "MessageTruncated", received: 9, expected: 105 })
      })
  )

  it.scopedLive(
    "DW-35 EX-9 a child that closes its duct and lives on is a RemoteDuctClosed; poll(0) does not wait for that",
    () =>
      Effect.gen(function* () {
        const child = yield* NodeChild.spawn(Work, worker())
        yield* child.send({ ask: "close" })
        assert.isTrue(yield* child.poll("10 seconds"))
        assert.isTrue(yield* child.poll(0))
        assert.strictEqual((yield* Effect.flip(child.recv))._tag, "RemoteDuctClosed")
        assert.isTrue(isThere(child.pid))
        const failed = yield* Effect.flip(child.send({ ask: "echo" }))
        assert.include(failed, { _tag: "RemoteDuctClosed", code: "EPIPE" })
        yield* child.kill("SIGKILL")
        assert.strictEqual((yield* child.exit).signal, "SIGKILL")
      })
  )
})
