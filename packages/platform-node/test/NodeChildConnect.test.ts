import { NodeChild } from "@ductworks/platform-node"
import { Command } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { Work } from "./fixtures/child/contract.js"
import { isThere, isZombie, openDescriptors, shell, turn, worker } from "./fixtures/child/support.js"
import { temporaryDirectory } from "./fixtures/programs.js"
import { tcpOptions } from "./support/transport.js"

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
      const file = path.join(yield* temporaryDirectory, "pid")
      const script = `
        const [, host, port] = /tcp:\\/\\/(.*):(.*)/.exec(process.env.DUCTWORKS_ADDRESS) ?? []
        const socket = require("node:net").connect(port ? { host, port } : process.env.DUCTWORKS_ADDRESS.slice(5))
        const frame = Buffer.from("T\\0\\0\\0\\x02{}")
        socket.end(Buffer.concat([Buffer.from(process.env.DUCTWORKS_TOKEN ?? ""), frame]), () => process.exit(4))
        require("node:fs").writeFileSync(${JSON.stringify(file)}, String(process.pid))
      `
      const command = Command.make(process.execPath, "-e", script)
      const spawning = yield* Effect.fork(NodeChild.spawn(Work, command, { transport }))
      yield* Effect.repeat(turn, { until: () => fs.existsSync(file) })
      // From here on this thread sees nothing, until the child is a zombie.
      while (!isZombie(Number(fs.readFileSync(file, "utf8"))));
      const child = yield* Fiber.join(spawning)
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

describe("NodeChild.spawn (tcp), socket options", () => {
  it.scopedLive("DW-18 no delay and keep-alive are set on the parent's side, as asked", () =>
    Effect.gen(function* () {
      const usual = yield* NodeChild.spawn(Work, worker(), { transport: "tcp" })
      assert.strictEqual(yield* tcpOptions(yield* usual.fileno), "True True 30")
      const asked = { transport: "tcp", noDelay: false, keepAlive: "2 minutes" } as const
      const tuned = yield* NodeChild.spawn(Work, worker(), asked)
      assert.strictEqual(yield* tcpOptions(yield* tuned.fileno), "False True 120")
      const off = yield* NodeChild.spawn(Work, worker(), { transport: "tcp", keepAlive: false })
      assert.match(yield* tcpOptions(yield* off.fileno), /^True False/)
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
