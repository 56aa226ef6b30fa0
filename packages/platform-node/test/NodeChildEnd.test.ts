import { NodeChild } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Stream } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { Work } from "./fixtures/child/contract.js"
import { isThere, openDescriptors, shell, worker } from "./fixtures/child/support.js"
import { runFixture, temporaryDirectory } from "./fixtures/programs.js"

describe("NodeChild.spawn, leaving the scope", () => {
  it.effect("ends a child that ignores its duct and SIGTERM with SIGKILL, without the TestClock moving", () =>
    Effect.gen(function* () {
      const child = yield* Effect.scoped(
        Effect.gen(function* () {
          const child = yield* NodeChild.spawn(Work, worker("stubborn"), { grace: "100 millis" })
          yield* child.send({ ask: "echo", value: 1 })
          yield* child.recv
          return child
        })
      )
      assert.deepStrictEqual(yield* child.exit, { code: undefined, signal: "SIGKILL" })
      assert.isFalse(isThere(child.pid))
    })
  )

  it.scopedLive("ends a child that ignores SIGTERM also when who leaves is interrupted meanwhile", () =>
    Effect.gen(function* () {
      const spawned = yield* Deferred.make<NodeChild.RawChild>()
      const stubborn = shell("trap 'echo heard' TERM; echo >&3; while :; do sleep 0.01; done")
      const leaving = yield* NodeChild.spawnRaw(stubborn, { grace: "300 millis", stdout: "pipe" }).pipe(
        Effect.tap((child) => Effect.zipRight(child.recv(1), Deferred.succeed(spawned, child))),
        Effect.flatMap(() => Effect.fail("leave")),
        Effect.scoped,
        Effect.fork
      )
      const child = yield* Deferred.await(spawned)
      yield* Stream.runHead(child.stdout)
      yield* Fiber.interrupt(leaving)
      assert.isFalse(isThere(child.pid))
      assert.deepStrictEqual(yield* child.exit, { code: undefined, signal: "SIGKILL" })
    })
  )

  it.scopedLive("with success lets a child finish what it sends; nobody needs to read it", () =>
    Effect.gen(function* () {
      const child = yield* Effect.scoped(
        Effect.gen(function* () {
          const child = yield* NodeChild.spawn(Work, worker(), { grace: "1 minute" })
          // Far more than the buffers hold.
          yield* child.send({ ask: "send and succeed", value: 500_000 })
          yield* child.recv
          return child
        })
      )
      assert.deepStrictEqual(yield* child.exit, { code: 0, signal: undefined })
    })
  )

  it.scopedLive("with success delivers what was sent", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporaryDirectory, "received")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const child = yield* NodeChild.spawnRaw(shell(`cat <&3 >${file}`))
          yield* child.write([new Uint8Array(8 * 1024 * 1024).fill(1)])
        })
      )
      assert.strictEqual(fs.statSync(file).size, 8 * 1024 * 1024)
    })
  )

  it.scopedLive("with success half-closes and waits: the child may take its time", () =>
    Effect.gen(function* () {
      const child = yield* Effect.scoped(NodeChild.spawnRaw(shell("cat <&3 >/dev/null; sleep 0.3; exit 5")))
      assert.deepStrictEqual(yield* child.exit, { code: 5, signal: undefined })
    })
  )

  it.scopedLive(
    "does not wait for another process that inherited the child's end and output, and keeps nothing of it",
    () =>
      Effect.gen(function* () {
        const before = yield* openDescriptors
        const heir = yield* Effect.scoped(
          Effect.gen(function* () {
            const command = shell("printf unread; sleep 60 & echo $! >&3; exit 0")
            const child = yield* NodeChild.spawnRaw(command, { grace: "1 minute", stdout: "pipe", stderr: "pipe" })
            const heir = Number(new TextDecoder().decode(yield* child.recv(100)))
            assert.deepStrictEqual(yield* child.exit, { code: 0, signal: undefined })
            return heir
          })
        )
        assert.strictEqual(yield* openDescriptors, before)
        process.kill(heir, "SIGKILL")
      })
  )

  it.scopedLive("does not wait for bytes that the child does not take", () =>
    Effect.gen(function* () {
      const child = yield* Effect.scoped(
        Effect.gen(function* () {
          const options = { grace: "100 millis", linger: "1 minute" } as const
          const child = yield* NodeChild.spawnRaw(shell("exec sleep 60"), options)
          yield* child.write([new Uint8Array(8 * 1024 * 1024)])
          return child
        })
      )
      assert.deepStrictEqual(yield* child.exit, { code: undefined, signal: "SIGTERM" })
    })
  )

  it.scopedLive("with a failure or an interruption sends SIGTERM at once", () =>
    Effect.gen(function* () {
      const end = (use: Effect.Effect<void, string>) =>
        Effect.gen(function* () {
          let child: NodeChild.RawChild | undefined
          const exit = yield* Effect.exit(
            Effect.scoped(
              Effect.gen(function* () {
                child = yield* NodeChild.spawnRaw(shell("exec sleep 60"), { grace: "30 seconds" })
                yield* use
              })
            )
          )
          assert.isTrue(Exit.isFailure(exit))
          return child === undefined ? undefined : yield* child.exit
        })
      assert.deepStrictEqual(yield* end(Effect.fail("no")), { code: undefined, signal: "SIGTERM" })
      assert.deepStrictEqual(yield* end(Effect.interrupt), { code: undefined, signal: "SIGTERM" })
    })
  )

  it.scopedLive("an interrupted spawn leaves no process behind", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = path.join(directory, "pid")
      const command = shell(`echo $$ > ${file}.new; mv ${file}.new ${file}; exec sleep 60`)
      const fiber = yield* Effect.fork(Effect.scoped(NodeChild.spawn(Work, command, { transport: "unix" })))
      yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => fs.existsSync(file) })
      const exit = yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
      assert.isFalse(isThere(Number(fs.readFileSync(file, "utf8"))))
    })
  )

  it.scopedLive("a spawn interrupted at any step leaves no descriptor behind", () =>
    Effect.gen(function* () {
      const before = yield* openDescriptors
      for (const transport of ["fd", "unix", "tcp"] as const) {
        for (let steps = 0; steps < 40; steps++) {
          const fiber = yield* Effect.fork(Effect.scoped(NodeChild.spawnRaw(shell("exec sleep 60"), { transport })))
          yield* Effect.repeatN(Effect.yieldNow(), steps)
          yield* Fiber.interrupt(fiber)
        }
        assert.strictEqual(yield* openDescriptors, before)
      }
    })
  )

  it.scopedLive("the parent's program ends, with a child that ignores everything", () =>
    Effect.gen(function* () {
      const parent = yield* runFixture("child/supervisor", ["leave", "stubborn"])
      const pid = Number(yield* parent.output)
      assert.deepStrictEqual(yield* parent.exit, { code: 0, signal: null })
      assert.isAbove(pid, 0)
      assert.isFalse(isThere(pid))
    })
  )

  it.scopedLive("no orphan lives on when the parent is killed", () =>
    Effect.gen(function* () {
      const parent = yield* runFixture("child/supervisor", ["wait"])
      const pid = Number(yield* parent.line)
      assert.isTrue(isThere(pid))
      parent.process.kill("SIGKILL")
      // The child inherited the parent's standard output: it ends when both have.
      yield* parent.output
      assert.strictEqual((yield* parent.exit).signal, "SIGKILL")
    })
  )
})
