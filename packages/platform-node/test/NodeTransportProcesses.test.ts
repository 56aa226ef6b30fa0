import { Address } from "@ductworks/core"
import type { Connection } from "@ductworks/core/Connection"
import { Transport } from "@ductworks/core/Transport"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { fixture, report, run, runFixture } from "./fixtures/programs.js"
import { live, stable } from "./support/transport.js"

describe("processes", () => {
  const accepting = <A, E, R>(
    mode: string,
    use: (parent: Connection, child: Effect.Effect.Success<ReturnType<typeof runFixture>>) => Effect.Effect<A, E, R>
  ) =>
    Effect.gen(function* () {
      const transport = yield* Transport
      const listener = yield* transport.listen(Option.none())
      const child = yield* runFixture("peer", [mode, Address.format(listener.address)])
      const parent = yield* listener.accept
      return yield* use(parent, child)
    })

  live(
    "law 7 a peer that is killed in mid-stream ends the reader and the writer",
    accepting("flood", (parent, child) =>
      Effect.gen(function* () {
        yield* parent.pull
        const reader = yield* Effect.fork(Effect.flip(Effect.forever(parent.pull)))
        const writer = yield* Effect.fork(Effect.flip(Effect.forever(parent.write([new Uint8Array(65_536)]))))
        child.process.kill("SIGKILL")
        assert.include(["RemoteDuctClosed", "RemoteDuctReset"], (yield* Fiber.join(reader))._tag)
        assert.include(["RemoteDuctClosed", "RemoteDuctReset"], (yield* Fiber.join(writer))._tag)
      })
    )
  )

  live(
    "law 2 what a child sent before it exited arrives, though a send to it failed meanwhile",
    accepting("farewell", (parent, child) =>
      Effect.gen(function* () {
        yield* child.exit
        yield* Effect.flip(Effect.forever(Effect.zipRight(parent.write([Uint8Array.of(1)]), parent.flush)))
        let received = 0
        const end = yield* Effect.flip(
          Effect.forever(
            Effect.map(parent.pull, (chunks) => {
              for (const chunk of chunks) received += chunk.length
            })
          )
        )
        assert.strictEqual(received, 100_000)
        assert.include(["RemoteDuctClosed", "RemoteDuctReset"], end._tag)
      })
    )
  )

  live(
    "law 2 an observer of a fiber that throws takes no byte from those that came with it",
    Effect.gen(function* () {
      const seen = yield* report(yield* runFixture("observer", []), { thrown: Schema.Number, isWhole: Schema.Boolean })
      assert.deepStrictEqual(seen, { thrown: 1, isWhole: true })
    })
  )

  live(
    "law 4 a peer that is stopped makes the writer wait with bounded memory, and goes on when it does",
    accepting("echo", (parent, child) =>
      Effect.gen(function* () {
        child.process.kill("SIGSTOP")
        let accepted = 0
        const piece = new Uint8Array(8192)
        const writer = yield* Effect.fork(
          Effect.forever(Effect.tap(parent.write([piece]), () => Effect.sync(() => (accepted += piece.length))))
        )
        const stalledAt = yield* stable(() => accepted)
        assert.isBelow(stalledAt, 1024 * 1024)
        child.process.kill("SIGCONT")
        yield* Effect.repeat(parent.pull, { until: () => accepted > stalledAt * 2 })
        yield* Fiber.interrupt(writer)
      })
    )
  )

  live(
    "without descriptors connecting is TooManyOpenFiles, and goes on when there are some again",
    Effect.gen(function* () {
      const program = yield* run("sh", ["-c", `ulimit -n 256; exec "$0" "$1"`, process.execPath, fixture("exhaustion")])
      const fields = { connected: Schema.Number, reason: Schema.String, received: Schema.Number }
      const { connected, reason, received } = yield* report(program, fields)
      assert.strictEqual(reason, "TooManyOpenFiles")
      assert.isAbove(connected, 3)
      assert.strictEqual(received, 42)
    })
  )

  live(
    "DW-41 with however few descriptors, a pair is made or is TooManyOpenFiles, and nothing stays; errors name no address of ours",
    Effect.gen(function* () {
      const program = yield* run("sh", ["-c", `ulimit -n 200; exec "$0" "$1"`, process.execPath, fixture("crowded")])
      const strings = Schema.Array(Schema.String)
      const fields = { outcomes: strings, addresses: strings, stayed: Schema.Number, last: Schema.String }
      const { addresses, last, outcomes, stayed } = yield* report(program, fields)
      const made = outcomes.indexOf("42")
      assert.isAbove(made, 0)
      for (const refused of outcomes.slice(0, made)) assert.match(refused, /^(Bind|Connect)Failed TooManyOpenFiles$/)
      assert.deepStrictEqual([new Set(outcomes.slice(made)), stayed, last], [new Set(["42"]), 0, "42"])
      assert.isAbove(addresses.length, 0)
      for (const address of addresses) assert.notInclude(address, "/proc/")
    })
  )

  live(
    "law 9 a thousand connections that are broken off leave no descriptor behind",
    Effect.gen(function* () {
      const program = yield* runFixture("cycles", [])
      const { after, before } = yield* report(program, { after: Schema.Number, before: Schema.Number })
      assert.isAtMost(after, before)
    })
  )

  live(
    "law 9 a process whose scope was left ends by itself",
    Effect.gen(function* () {
      const program = yield* runFixture("leaves", [])
      assert.deepStrictEqual(yield* program.exit, { code: 0, signal: null })
      assert.strictEqual(yield* program.output, "left\n")
    })
  )
})
