import { Address } from "@ductworks/core"
import { NodeTransport } from "@ductworks/platform-node"
import { SocketTransport } from "@ductworks/sockets"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { inherited } from "../src/ex05-subprocess/inherited.js"
import { program as echo } from "../src/ex05-subprocess/program.js"
import { program as inheritance } from "../src/ex08-inherited/program.js"
import { built } from "./support/files.js"
import { printed } from "./support/printed.js"
import { run } from "./support/run.js"

const nodeChild = [built("ex05-subprocess/child.js")]

describe("examples in several processes", { timeout: 60_000 }, () => {
  const tcp = Address.TcpAddress("127.0.0.1", 0)
  for (const [transport, layer, address] of [
    ["unix", NodeTransport.layer, undefined],
    ["tcp", NodeTransport.layer, tcp],
    ["unix, native", SocketTransport.layer, undefined],
    ["tcp, native", SocketTransport.layer, tcp]
  ] as const) {
    it.live(`EX-5 a Node child echoes 100 times; null ends it with exit code 0 (${transport})`, () =>
      Effect.gen(function* () {
        const { bound, echoes, exitCode } = yield* echo(process.execPath, nodeChild, address)
        assert.match(bound, address === undefined ? /^unix:\// : /^tcp:\/\/127\.0\.0\.1:\d+$/)
        assert.deepStrictEqual([echoes, Number(exitCode)], [100, 0])
      }).pipe(Effect.provide(layer), Effect.provide(NodeContext.layer))
    )
  }

  it.live("EX-5 a Node child echoes 100 times; null ends it with exit code 0 (fd)", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* inherited(process.execPath, nodeChild), { echoes: 100, exitCode: 0 })
    })
  )

  it.live("EX-5 the program runs a Node child and a Python child (unix, fd)", () =>
    Effect.gen(function* () {
      const { code, left, stderr, stdout } = yield* run("ex05-subprocess")
      assert.deepStrictEqual(stdout.replace(/unix:\S+(?=:)/g, "unix").split("\n"), [
        "Node at unix: 100 of 100 echoes, exit code 0",
        "Node at fd:3: 100 of 100 echoes, exit code 0",
        "Python at unix: 100 of 100 echoes, exit code 0",
        "Python at fd:3: 100 of 100 echoes, exit code 0",
        ""
      ])
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )

  it.live("EX-5 without a python3 the program says so and goes on (unix)", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* run("ex05-subprocess", [], { PATH: "/nonexistent" })
      assert.match(stdout, /\nPython: there is no python3 here.*\n$/)
      assert.strictEqual(code, 0)
    })
  )

  it.live(
    "EX-8 another process inherits both ends; the original closed its child end and still receives (native)",
    () =>
      Effect.gen(function* () {
        const { value } = yield* printed(inheritance(built("ex08-inherited/child.js")))
        assert.deepStrictEqual(value, { message: "hello world", end: "RemoteDuctClosed", code: 0 })
      }).pipe(Effect.provide(SocketTransport.layer))
  )

  it.live("EX-8 another process inherits both ends; the original closed its child end and still receives (fd)", () =>
    Effect.gen(function* () {
      const { code, left, stderr, stdout } = yield* run("ex08-inherited")
      const lines = stdout.trimEnd().split("\n")
      assert.sameMembers(lines, [
        "original: closed its child end",
        "other: closed its parent end, and waits",
        'other: sent "hello world", and closes',
        'original: received "hello world"',
        "original: then RemoteDuctClosed",
        "original: the other process ended with 0"
      ])
      assert.strictEqual(lines[0], "original: closed its child end")
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )
})
