import { Transport } from "@ductworks/core/Transport"
import { MessageDuct } from "@ductworks/message"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { fixture, live, loopback, python, reported, start } from "./support/transport.js"

const Report = Schema.Struct({ passed: Schema.Number, violations: Schema.Array(Schema.String) })

const Counts = Schema.Struct({ descriptors: Schema.Number, polls: Schema.Number, threads: Schema.Number })

const Idle = Schema.Struct({ bytesEach: Schema.Number, counts: Schema.Tuple(Counts, Counts, Counts, Counts) })

describe("programs of their own", { timeout: 60_000 }, () => {
  for (const kind of ["connections", "messages"]) {
    live(
      `DW-42 ${kind} over inherited descriptors obey their laws`,
      Effect.gen(function* () {
        const transport = yield* Transport
        const scope = yield* Effect.scope
        // Both ends go to the program: kept open here, they would keep each other from ending there.
        const report = yield* Effect.scoped(
          Effect.gen(function* () {
            const pairs = yield* Effect.replicateEffect(transport.pair(), 140)
            const fds = pairs.flat().map(({ fileno }) => Option.getOrThrow(fileno))
            const stdio = ["ignore", "pipe", "inherit", ...fds] as const
            return yield* start(process.execPath, [fixture("conformance"), kind], { stdio: [...stdio] }).pipe(
              Scope.extend(scope)
            )
          })
        )
        const { text } = yield* report.exit
        const { passed, violations } = yield* Schema.decode(Schema.parseJson(Report))(text)
        assert.deepStrictEqual(violations, [])
        assert.isAbove(passed, 15)
      })
    )
  }

  live(
    "law 9 a thousand connections that are broken off leave nothing open",
    Effect.gen(function* () {
      const { after, before } = yield* Schema.decodeUnknown(
        Schema.Struct({ before: Schema.Number, after: Schema.Number })
      )(yield* reported("cycles"))
      assert.strictEqual(after, before)
    })
  )

  live(
    "a listener without a descriptor for the next connection pauses without spinning, and goes on when there is one",
    Effect.gen(function* () {
      const { exit } = yield* start("sh", [
        "-c",
        `ulimit -n 200; exec "$@"`,
        "sh",
        process.execPath,
        fixture("exhaustion")
      ])
      const outcome = { full: "EMFILE", reason: "TooManyOpenFiles", isWaiting: true, spins: false, received: 42 }
      assert.deepStrictEqual(JSON.parse((yield* exit).text), [outcome, outcome])
    })
  )

  live(
    "a thousand idle pairs keep under 8 KiB each of V8's memory, no thread and no handle of libuv",
    Effect.gen(function* () {
      const { exit } = yield* start(process.execPath, ["--expose-gc", fixture("idleMemory")])
      const { bytesEach, counts } = yield* Schema.decode(Schema.parseJson(Idle))((yield* exit).text)
      const [before, idle, known, after] = counts
      const { descriptors, polls, threads } = before
      assert.isAbove(bytesEach, 0)
      assert.isBelow(bytesEach, 8 * 1024)
      assert.deepStrictEqual(idle, { descriptors: descriptors + 2000, polls, threads })
      // Who waited once is known to the event loop, one handle an end, until it is closed.
      assert.deepStrictEqual(known, { descriptors: descriptors + 2000, polls: polls + 1000, threads })
      assert.deepStrictEqual(after, before)
    })
  )

  live(
    "connections and listeners on which nobody waits do not keep the process alive",
    Effect.gen(function* () {
      assert.strictEqual(yield* reported("leaves"), "left")
    })
  )

  live(
    "threads have transports of their own; one that is terminated while it waits ends its connections",
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* reported("threads"), { echoed: 4, left: 0 })
    })
  )

  for (const address of [Option.none(), Option.some(loopback)]) {
    live(
      `DW-25 a peer that is killed inside a message is MessageTruncated, ${Option.isNone(address) ? "unix" : "tcp"}`,
      Effect.gen(function* () {
        const parent = yield* MessageDuct.parent(Option.isNone(address) ? {} : { address: address.value })
        yield* parent.bind()
        const bound = yield* parent.listenerAddress
        const target =
          bound._tag === "UnixAddress"
            ? JSON.stringify(bound.path)
            : bound._tag === "TcpAddress"
              ? `("127.0.0.1", ${bound.port})`
              : ""
        const { child, line } = yield* python([
          "import socket, time",
          `s = socket.socket(socket.${Option.isNone(address) ? "AF_UNIX" : "AF_INET"})`,
          `s.connect(${target})`,
          `s.sendall(b"T\\0\\0\\0\\x0a12345")`,
          `print("sent", flush=True)`,
          "time.sleep(60)"
        ])
        assert.isTrue(yield* parent.listen())
        yield* line
        assert.isFalse(yield* parent.poll(0))
        child.kill("SIGKILL")
        const error = yield* Effect.flip(parent.recv)
        assert.include(error, { _tag: "MessageTruncated", expected: 15, received: 10 })
      })
    )
  }
})
