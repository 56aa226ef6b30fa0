import { NodeChild } from "@ductworks/platform-node"
import { Command } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Pool, Predicate, Stream } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { Work } from "./fixtures/child/contract.js"
import { isThere, openDescriptors, shell, worker } from "./fixtures/child/support.js"
import { temporaryDirectory } from "./fixtures/programs.js"

const transports = ["fd", "unix", "tcp"] as const

const property = (value: unknown, name: string): unknown =>
  Predicate.hasProperty(value, name) ? value[name] : undefined

describe.each(transports)("NodeChild.spawn (%s)", (transport) => {
  it.scopedLive("EX-5 DW-13 DW-36 a Node child of a contract answers, ends with its duct and is reaped", () =>
    Effect.gen(function* () {
      const { exit, pid } = yield* Effect.scoped(
        Effect.gen(function* () {
          const child = yield* NodeChild.spawn(Work, worker(), { transport })
          for (let i = 0; i < 100; i++) {
            yield* child.send({ ask: "echo", value: ["pingpong", i] })
            assert.deepStrictEqual(yield* child.recv, ["pingpong", i])
          }
          assert.isTrue((yield* child.fileno) > 2)
          assert.strictEqual((yield* child.localAddress)._tag, transport === "tcp" ? "TcpAddress" : "UnixAddress")
          return child
        })
      )
      assert.deepStrictEqual(yield* exit, { code: 0, signal: undefined })
      assert.isFalse(isThere(pid))
    })
  )

  it.scopedLive("every message of a child that fails is received, then ChildExited", () =>
    Effect.gen(function* () {
      const child = yield* NodeChild.spawn(Work, worker(), { transport })
      yield* child.send({ ask: "send and fail", value: 5_000 })
      for (let i = 0; i < 5_000; i++) assert.strictEqual(yield* child.recv, i)
      const error = yield* Effect.flip(child.recv)
      assert.propertyVal(error, "_tag", "ChildExited")
      assert.include(error, { pid: child.pid, exitCode: 1 })
      assert.notProperty(error, "signal")
      // It stays so, and a send knows nothing of exit codes. (TCP needs two to notice.)
      assert.strictEqual((yield* Effect.flip(child.recv))._tag, "ChildExited")
      const failed = yield* Effect.flip(Effect.forever(Effect.zipRight(child.send({ ask: "echo" }), child.flush)))
      assert.strictEqual(failed._tag, "RemoteDuctClosed")
    })
  )

  it.scopedLive("every message of a child that is killed is received, then the stream fails with ChildExited", () =>
    Effect.gen(function* () {
      const child = yield* NodeChild.spawn(Work, worker(), { transport })
      yield* child.send({ ask: "send and kill", value: 5_000 })
      const received: Array<unknown> = []
      const error = yield* Effect.flip(
        Stream.runForEach(child.stream, (message) => Effect.sync(() => received.push(message)))
      )
      assert.strictEqual(received.length, 5_000)
      assert.propertyVal(error, "_tag", "ChildExited")
      assert.include(error, { pid: child.pid, signal: "SIGKILL" })
      assert.notProperty(error, "exitCode")
      assert.deepStrictEqual(yield* child.exit, { code: undefined, signal: "SIGKILL" })
    })
  )

  it.scopedLive("a child that ends well is a RemoteDuctClosed", () =>
    Effect.gen(function* () {
      const child = yield* NodeChild.spawn(Work, worker(), { transport })
      yield* child.send({ ask: "send and succeed", value: 3 })
      assert.deepStrictEqual(Array.from(yield* Stream.runCollect(child.stream)), [0, 1, 2])
      assert.strictEqual((yield* Effect.flip(child.recv))._tag, "RemoteDuctClosed")
      assert.deepStrictEqual(yield* child.exit, { code: 0, signal: undefined })
    })
  )

  it.scopedLive("the child finds its parent in the environment, and its own children do not", () =>
    Effect.gen(function* () {
      // As if this process were itself a child that has not read it yet.
      yield* Effect.acquireRelease(
        Effect.sync(() => Object.assign(process.env, { DUCTWORKS_TOKEN: "mine" })),
        () => Effect.sync(() => Reflect.deleteProperty(process.env, "DUCTWORKS_TOKEN"))
      )
      const child = yield* NodeChild.spawn(Work, Command.env(worker(), { EXTRA: "1" }), { transport })
      yield* child.send({ ask: "environment" })
      const { given, now, pid } = yield* Effect.map(child.recv, (all) => ({
        given: property(all, "given"),
        now: property(all, "now"),
        pid: property(all, "pid")
      }))
      assert.strictEqual(pid, child.pid)
      assert.strictEqual(property(given, "EXTRA"), "1")
      assert.match(
        String(property(given, "DUCTWORKS_ADDRESS")),
        { fd: /^fd:3$/, unix: /^unix:\//, tcp: /^tcp:/ }[transport]
      )
      assert.match(String(property(given, "DUCTWORKS_TOKEN")), transport === "tcp" ? /^[0-9a-f]{64}$/ : /^undefined$/)
      assert.notProperty(now, "DUCTWORKS_ADDRESS")
      assert.notProperty(now, "DUCTWORKS_TOKEN")
    })
  )

  it.scopedLive("DW-14 nothing stays: descriptors, processes, files", () =>
    Effect.gen(function* () {
      const once = Effect.scoped(
        Effect.gen(function* () {
          const child = yield* NodeChild.spawn(Work, worker(), { transport, stdout: "pipe", stderr: "pipe" })
          yield* child.send({ ask: "echo", value: 1 })
          assert.strictEqual(yield* child.recv, 1)
          return { pid: child.pid, address: yield* child.localAddress }
        })
      )
      yield* once
      const before = yield* openDescriptors
      for (let i = 0; i < 3; i++) {
        const { address, pid } = yield* once
        assert.isFalse(isThere(pid))
        if (address._tag === "UnixAddress" && address.path !== "")
          assert.isFalse(fs.existsSync(path.dirname(address.path)))
      }
      assert.strictEqual(yield* openDescriptors, before)
    })
  )
})

describe("NodeChild, many and as services", () => {
  it.scopedLive("layerParent provides the parent's end", () =>
    Effect.gen(function* () {
      const duct = yield* Work.Parent
      yield* duct.send({ ask: "echo", value: "layer" })
      assert.strictEqual(yield* duct.recv, "layer")
    }).pipe(Effect.provide(Layer.fresh(NodeChild.layerParent(Work, worker()))))
  )

  it.scopedLive("a pool of children shares out the work; a child that was killed is replaced", () =>
    Effect.gen(function* () {
      const pool = yield* Pool.make({ acquire: NodeChild.spawn(Work, worker()), size: 2 })
      const ask = (value: number) =>
        Effect.scoped(
          Effect.gen(function* () {
            const child = yield* pool.get
            yield* child.send({ ask: "echo", value })
            return { pid: child.pid, value: yield* child.recv }
          })
        )
      const answers = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, i) => i),
        ask,
        { concurrency: 2 }
      )
      assert.deepStrictEqual(
        answers.map(({ value }) => value),
        answers.map((_, i) => i)
      )
      assert.strictEqual(new Set(answers.map(({ pid }) => pid)).size, 2)
      const lost = yield* Effect.scoped(
        Effect.gen(function* () {
          const child = yield* pool.get
          yield* child.kill("SIGKILL")
          assert.strictEqual((yield* Effect.flip(child.recv))._tag, "ChildExited")
          yield* pool.invalidate(child)
          return child.pid
        })
      )
      const again = yield* Effect.forEach([1, 2, 3, 4], ask, { concurrency: 2 })
      assert.notInclude(
        again.map(({ pid }) => pid),
        lost
      )
    })
  )

  it.scopedLive("ten at once, each with its own duct; the end of one is not the end of another", () =>
    Effect.gen(function* () {
      const children = yield* Effect.forEach(
        Array.from({ length: 10 }),
        () => NodeChild.spawnRaw(shell("cat <&3 >&3")),
        { concurrency: "unbounded" }
      )
      for (const [index, child] of children.entries()) {
        yield* child.sendAll(Uint8Array.of(index))
        yield* child.endWrite
        assert.deepStrictEqual(Array.from(yield* child.recv(10)), [index])
        assert.strictEqual((yield* child.recv(10)).length, 0)
        assert.strictEqual((yield* child.exit).code, 0)
      }
    })
  )

  it.scopedLive("a shell passes the duct on; what runs there has the command's environment and directory", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const command = Command.make(`echo "$GREETING from $PWD" >&3`).pipe(
        Command.runInShell(true),
        Command.env({ GREETING: "hello" }, { extendEnv: false }),
        Command.workingDirectory(directory)
      )
      const child = yield* NodeChild.spawnRaw(command)
      const text = new TextDecoder().decode(yield* child.recv(1000))
      assert.strictEqual(text, `hello from ${fs.realpathSync(directory)}\n`)
    })
  )
})
