import { Address } from "@ductworks/core"
import { Transport } from "@ductworks/core/Transport"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { fixture, report, run } from "./fixtures/programs.js"
import { drain, ends, live, loopback, tcpOptions } from "./support/transport.js"

describe("descriptors", () => {
  live(
    "DW-14 EX-8 closing does not end the connection for a process that inherited the descriptor",
    Effect.gen(function* () {
      const { child, childScope, parent } = yield* ends(Option.none())
      const fd = Option.getOrThrow(child.fileno)
      const heir = yield* run("sh", ["-c", 'read line; printf "%s" "$line" >&3'], {
        stdio: ["pipe", "pipe", "inherit", fd]
      })
      yield* Scope.close(childScope, Exit.void)
      const first = yield* Effect.fork(drain(parent))
      heir.process.stdin?.end("hello world\n")
      const { bytes, end } = yield* Fiber.join(first)
      assert.strictEqual(bytes.toString(), "hello world")
      assert.strictEqual(end._tag, "RemoteDuctClosed")
    })
  )

  live(
    "DW-13 no number is told of a socket that a reset has closed, as it may be somebody else's by now",
    Effect.gen(function* () {
      const { child, parent } = yield* ends(Option.some(loopback))
      assert.isTrue(Option.isSome(child.fileno))
      yield* parent.abort
      assert.isTrue(Exit.isFailure(yield* Effect.exit(child.pull)))
      // Node closes it in one of the next turns.
      const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
      yield* Effect.repeat(turn, { until: () => Option.isNone(child.fileno) })
    })
  )

  live(
    "DW-18 no delay and keep-alive are set on connected and accepted TCP sockets, as asked",
    Effect.gen(function* () {
      const optionsOf = ({ fileno }: { readonly fileno: Option.Option<number> }) =>
        tcpOptions(Option.getOrThrow(fileno))
      const address = Option.some(Address.TcpAddress("127.0.0.1", 0))
      const usual = yield* ends(address)
      assert.strictEqual(yield* optionsOf(usual.child), "True True 30")
      assert.strictEqual(yield* optionsOf(usual.parent), "True True 30")
      const asked = yield* ends(address, { noDelay: false, keepAlive: "2 minutes" })
      assert.strictEqual(yield* optionsOf(asked.child), "False True 120")
      assert.strictEqual(yield* optionsOf(asked.parent), "False True 120")
      const off = yield* ends(address, { keepAlive: false })
      assert.match(yield* optionsOf(off.child), /^True False/)
    })
  )

  live(
    "DW-42 an inherited descriptor obeys the laws of every connection",
    Effect.gen(function* () {
      const transport = yield* Transport
      const scope = yield* Effect.scope
      // Both ends go to the program: kept open here, they would keep each other from ending there.
      const program = yield* Effect.scoped(
        Effect.gen(function* () {
          const pairs = yield* Effect.replicateEffect(transport.pair(), 140)
          const fds = pairs.flat().map(({ fileno }) => Option.getOrThrow(fileno))
          const stdio = ["ignore", "pipe", "inherit", ...fds] as const
          return yield* Scope.extend(run(process.execPath, [fixture("conformance")], { stdio: [...stdio] }), scope)
        })
      )
      const fields = { passed: Schema.Number, violations: Schema.Array(Schema.String) }
      const { passed, violations } = yield* report(program, fields)
      assert.deepStrictEqual(violations, [])
      assert.isAbove(passed, 20)
    })
  )
})
