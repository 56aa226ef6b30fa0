import { Address } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import { SocketTransport } from "@ductworks/sockets"
import { Command } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { inherited } from "../src/ex05-subprocess/inherited.js"
import { program as echo } from "../src/ex05-subprocess/program.js"
import { python } from "./support/files.js"
import { pythons } from "./support/pythons.js"

const nasty: ReadonlyArray<unknown> = [
  "",
  [],
  {},
  0,
  -0.1,
  1e308,
  true,
  [null],
  'é\u0ff0\u2028\u2029\ufeff\u0000\u001f"\\/',
  "😀\u{10ffff}",
  { "😀": ["", { "": null }], é: { é: 1 } },
  [[[[[[[[]]]]]]]],
  "T\u0000\u0000\u0000\u0001",
  "x".repeat(1024 * 1024),
  "😀".repeat(256 * 1024),
  Array.from({ length: 10_000 }, (_, n) => n)
]

/** Sends each message to a Python echo and gives what came back. */
const returned = (command: string, address: Address.Address | undefined, flags: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const parent = yield* MessageDuct.parent(address === undefined ? {} : { address })
    yield* parent.bind()
    const bound = Address.format(yield* parent.listenerAddress)
    const child = yield* Command.make(command, "-B", python("echo.py"), bound, ...flags).pipe(
      Command.stderr("inherit"),
      Command.start
    )
    assert.isTrue(yield* parent.listen("10 seconds"))
    const received: Array<unknown> = []
    for (const message of nasty) {
      yield* parent.send(message)
      received.push(yield* parent.recv)
    }
    yield* parent.send(null)
    assert.strictEqual(Number(yield* child.exitCode), 0)
    return received
  }).pipe(Effect.scoped)

describe("the Python peer", { timeout: 60_000 }, () => {
  it("EX-5 there is a python3 to test with", () => {
    assert.isTrue(
      pythons.some(([version]) => version.startsWith("3.")),
      "no python3 (3.6 or newer) was found: install one, examples/python is tested with it"
    )
  })

  for (const [version, command] of pythons) {
    const tcp = Address.TcpAddress("127.0.0.1", 0)
    for (const [transport, layer, address] of [
      ["unix", NodeTransport.layer, undefined],
      ["tcp", NodeTransport.layer, tcp],
      ["unix, native", SocketTransport.layer, undefined],
      ["tcp, native", SocketTransport.layer, tcp]
    ] as const) {
      it.live(`EX-5 a Python ${version} child echoes 100 times; null ends it with exit code 0 (${transport})`, () =>
        Effect.gen(function* () {
          const { echoes, exitCode } = yield* echo(command, ["-B", python("echo.py")], address)
          assert.deepStrictEqual([echoes, Number(exitCode)], [100, 0])
        }).pipe(Effect.provide(layer), Effect.provide(NodeContext.layer))
      )

      for (const flags of [[], ["--utf8"]]) {
        const how = flags.length === 0 ? "escaped to ASCII" : "in UTF-8"
        it.live(`DW-30 nasty messages to Python ${version} and back, ${how} (${transport})`, () =>
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* returned(command, address, flags), nasty)
          }).pipe(Effect.provide(layer), Effect.provide(NodeContext.layer))
        )
      }
    }

    for (const transport of ["fd", "unix", "tcp"] as const) {
      it.live(`EX-5 NodeChild starts Python ${version} and tells it its address (${transport})`, () =>
        Effect.gen(function* () {
          const outcome = yield* inherited(command, ["-B", python("echo.py")], { transport })
          assert.deepStrictEqual(outcome, { echoes: 100, exitCode: 0 })
        })
      )
    }

    it(`the peer's own tests pass under Python ${version}`, () => {
      const { status, stderr } = spawnSync(command, ["-B", "-m", "unittest", "test_ductworks_peer"], {
        cwd: python("."),
        encoding: "utf8"
      })
      assert.strictEqual(status, 0, stderr)
      assert.match(stderr, /Ran \d+ tests/)
    })
  }
})
