import { NodeChild } from "@ductworks/platform-node"
import { Command } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber, Layer, Option, Pool, Predicate, Stream } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { Work } from "./fixtures/child/contract.js"
import { isThere, openDescriptors, shell, worker } from "./fixtures/child/support.js"
import { runFixture, temporaryDirectory } from "./fixtures/programs.js"

const transports = ["fd", "unix", "tcp"] as const

const property = (value: unknown, name: string): unknown =>
  Predicate.hasProperty(value, name) ? value[name] : undefined

/** A turn of Node's event loop. */
const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

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

describe.each(["unix", "tcp"] as const)("NodeChild.spawn (%s), the way to a connection", (transport) => {
  it.scopedLive("a child that dies before it connects is a ChildExited", () =>
    Effect.gen(function* () {
      const before = yield* openDescriptors
      const error = yield* Effect.flip(NodeChild.spawn(Work, shell("exit 7"), { transport }))
      assert.propertyVal(error, "_tag", "ChildExited")
      assert.propertyVal(error, "exitCode", 7)
      assert.strictEqual(
        (yield* Effect.flip(NodeChild.spawn(Work, shell("exit 0"), { transport })))._tag,
        "ChildExited"
      )
      assert.strictEqual(yield* openDescriptors, before)
    })
  )

  it.scopedLive("a child that never connects is a DuctTimeout, and is gone when that is known", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = path.join(directory, "pid")
      const command = shell(`echo $$ > ${file}; exec sleep 60`)
      const error = yield* Effect.flip(NodeChild.spawn(Work, command, { transport, acceptTimeout: "500 millis" }))
      assert.strictEqual(error._tag, "DuctTimeout")
      assert.isFalse(isThere(Number(fs.readFileSync(file, "utf8"))))
    })
  )

  it.scopedLive("a child that connected, sent and is gone before it was looked at has its say", () =>
    Effect.gen(function* () {
      const script = `
        const [, host, port] = /tcp:\\/\\/(.*):(.*)/.exec(process.env.DUCTWORKS_ADDRESS) ?? []
        const socket = require("node:net").connect(port ? { host, port } : process.env.DUCTWORKS_ADDRESS.slice(5))
        const frame = Buffer.from("T\\0\\0\\0\\x02{}")
        socket.end(Buffer.concat([Buffer.from(process.env.DUCTWORKS_TOKEN ?? ""), frame]), () => process.exit(4))
      `
      const child = yield* NodeChild.spawn(Work, Command.make(process.execPath, "-e", script), { transport })
      assert.deepStrictEqual(yield* child.recv, {})
      assert.propertyVal(yield* Effect.flip(child.recv), "exitCode", 4)
    })
  )
})

describe("NodeChild.spawn (tcp), strangers", () => {
  const closedStrangers = (count: number) =>
    Effect.gen(function* () {
      const child = yield* NodeChild.spawn(Work, worker("crowd", String(count)), { transport: "tcp" })
      yield* child.send({ ask: "strangers" })
      return yield* child.recv
    })

  it.scopedLive(
    "one that says something wrong, and 14 that say nothing, do not keep the child out, and are closed",
    () =>
      Effect.map(Effect.timed(closedStrangers(15)), ([took, closed]) => {
        assert.strictEqual(closed, 15)
        assert.isBelow(Duration.toSeconds(took), 4)
      })
  )

  it.scopedLive("more than are heard at a time keep it waiting for 5 seconds", () =>
    Effect.map(Effect.timed(closedStrangers(30)), ([took, closed]) => {
      assert.strictEqual(closed, 30)
      assert.isAbove(Duration.toSeconds(took), 4.9)
    })
  )
})

describe("NodeChild.spawn, what cannot be started", () => {
  it.scopedLive("an executable that is not there, or may not run, is a SpawnFailed", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = path.join(directory, "data")
      fs.writeFileSync(file, "no program", { mode: 0o644 })
      const before = yield* openDescriptors
      const attempt = (command: Command.Command) =>
        Effect.flip(NodeChild.spawn(Work, command, { stdout: "pipe", stderr: "pipe" }))
      const missing = yield* attempt(Command.make("/no/such/program"))
      assert.propertyVal(missing, "_tag", "SpawnFailed")
      assert.include(missing, { reason: "NotFound", code: "ENOENT" })
      assert.include(missing.message, `cannot start "/no/such/program": NotFound (ENOENT)`)
      assert.include(yield* attempt(Command.make(file)), { reason: "PermissionDenied", code: "EACCES" })
      const elsewhere = Command.workingDirectory(worker(), "/no/such/directory")
      assert.include((yield* attempt(elsewhere)).message, `in "/no/such/directory": NotFound`)
      assert.include(yield* attempt(Command.make("a\0b")), { _tag: "SpawnFailed", reason: "Other" })
      assert.include(yield* attempt(Command.make("")), { _tag: "SpawnFailed" })
      assert.strictEqual(yield* openDescriptors, before)
    })
  )

  it.scopedLive("pipelines, fed commands and sinks are Unsupported", () =>
    Effect.gen(function* () {
      const pipeline = Command.pipeTo(Command.make("ls"), Command.make("sort"))
      for (const command of [pipeline, Command.feed(Command.make("sort"), "text")]) {
        assert.strictEqual((yield* Effect.flip(NodeChild.spawnRaw(command)))._tag, "Unsupported")
      }
    })
  )
})

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

  it.scopedLive("with success lets a child finish what it sends; nobody needs to read it", () =>
    Effect.gen(function* () {
      const child = yield* Effect.scoped(
        Effect.gen(function* () {
          const child = yield* NodeChild.spawn(Work, worker())
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

  it.scopedLive("does not wait for another process that inherited the child's end", () =>
    Effect.gen(function* () {
      const raw = yield* Effect.scoped(
        Effect.gen(function* () {
          const child = yield* NodeChild.spawnRaw(shell("sleep 30 >/dev/null 2>&1 & echo $! >&3; exit 0"))
          const heir = Number(new TextDecoder().decode(yield* child.recv(100)))
          yield* child.exit
          return { child, heir }
        })
      )
      process.kill(raw.heir, "SIGKILL")
      assert.deepStrictEqual(yield* raw.child.exit, { code: 0, signal: undefined })
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

describe("NodeChild.spawn, output", () => {
  it.scopedLive("is a stream on request, to its last byte, and after the exit too", () =>
    Effect.gen(function* () {
      const script = "printf out; printf err >&2; exit 3"
      const child = yield* NodeChild.spawnRaw(shell(script), { stdout: "pipe", stderr: "pipe" })
      assert.strictEqual((yield* child.exit).code, 3)
      // What Node would throw away now, since nobody has read it, would be gone after this.
      yield* turn
      yield* turn
      assert.strictEqual(yield* Stream.mkString(Stream.decodeText(child.stdout)), "out")
      assert.strictEqual(yield* Stream.mkString(Stream.decodeText(child.stderr)), "err")
    })
  )

  it.scopedLive("that nobody reads holds up its writer", () =>
    Effect.gen(function* () {
      const child = yield* NodeChild.spawn(Work, worker(), { stdout: "pipe" })
      yield* child.send({ ask: "print", value: 16 * 1024 * 1024 })
      assert.isFalse(yield* child.poll("500 millis"))
      const size = yield* Effect.fork(Stream.runFold(child.stdout, 0, (sum, chunk) => sum + chunk.length))
      assert.strictEqual(yield* child.recv, "printed")
      yield* child.endWrite
      assert.strictEqual(yield* Fiber.join(size), 16 * 1024 * 1024)
    })
  )

  it.scopedLive("is empty where it was not asked for", () =>
    Effect.gen(function* () {
      const child = yield* NodeChild.spawnRaw(shell("printf out"), { stdout: "ignore" })
      assert.strictEqual(yield* Stream.runCount(child.stdout), 0)
      assert.isTrue(Option.isNone(yield* Stream.runHead(child.stderr)))
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
