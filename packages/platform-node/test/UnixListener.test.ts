import { UnixAddress } from "@ductworks/core/Address"
import { Transport } from "@ductworks/core/Transport"
import type { ListenOptions } from "@ductworks/core/Transport"
import { NodeTransport, UnixListener } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"
import { openAcceptor } from "../src/internal/acceptor.js"
import { bindInPlace } from "../src/internal/bindInPlace.js"
import { runFixture, temporaryDirectory } from "./fixtures/programs.js"

const live = (title: string, body: Effect.Effect<void, unknown, Transport | Scope.Scope>) =>
  it.scopedLive(title, () => Effect.provide(body, NodeTransport.layer))

type Listen = (path: string, options?: ListenOptions) => Effect.Effect<unknown, unknown, Transport | Scope.Scope>

const staged: Listen = (path, options) =>
  Effect.flatMap(Transport, (transport) => transport.listen(Option.some(UnixAddress(path)), options))

const inPlace: Listen = (path, options = {}) =>
  bindInPlace(UnixAddress(path), (bound) => openAcceptor({ path: bound }, path), options)

const connect = (path: string) => Effect.flatMap(Transport, (transport) => transport.connect(UnixAddress(path)))

const permissions = (file: string): number => fs.statSync(file).mode & 0o777

for (const [kind, listen] of [
  ["staged and linked", staged],
  ["bound in place", inPlace]
] as const) {
  describe(`a listener ${kind}`, () => {
    live(
      "DW-6 DW-19 there is one file while it listens, and none afterwards",
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const file = path.join(directory, "socket")
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* listen(file)
            assert.deepStrictEqual(fs.readdirSync(directory), ["socket"])
            assert.isTrue(fs.lstatSync(file).isSocket())
            yield* Effect.scoped(connect(file))
          })
        )
        assert.deepStrictEqual(fs.readdirSync(directory), [])
      })
    )

    live(
      "the file has mode 0600, or the one asked for",
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* listen(path.join(directory, "usual"))
        yield* listen(path.join(directory, "asked"), { mode: 0o660 })
        assert.strictEqual(permissions(path.join(directory, "usual")), 0o600)
        assert.strictEqual(permissions(path.join(directory, "asked")), 0o660)
      })
    )

    live(
      "DW-19 a path already gone is no error, and a file that took its place stays",
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const gone = path.join(directory, "gone")
        yield* Effect.scoped(Effect.tap(listen(gone), () => Effect.sync(() => fs.unlinkSync(gone))))
        const taken = path.join(directory, "taken")
        yield* Effect.scoped(
          Effect.tap(listen(taken), () =>
            Effect.sync(() => {
              fs.unlinkSync(taken)
              fs.writeFileSync(taken, "foreign")
            })
          )
        )
        assert.deepStrictEqual(fs.readdirSync(directory), ["taken"])
        assert.strictEqual(fs.readFileSync(taken, "utf8"), "foreign")
      })
    )

    live(
      "DW-19 a listener that took its place stays",
      Effect.gen(function* () {
        const file = path.join(yield* temporaryDirectory, "socket")
        const first = yield* Scope.make()
        yield* Scope.extend(listen(file), first)
        yield* listen(file, { replaceStale: true })
        yield* Scope.close(first, Exit.void)
        yield* Effect.scoped(connect(file))
      })
    )

    live(
      "DW-4 a path in use is AddressInUse: nothing is harmed, and binding again is allowed",
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const file = path.join(directory, "socket")
        const first = yield* Scope.make()
        yield* Scope.extend(listen(file), first)
        const failure = yield* Effect.flip(listen(file))
        assert.propertyVal(failure, "_tag", "BindFailed")
        assert.propertyVal(failure, "reason", "AddressInUse")
        yield* Effect.scoped(connect(file))
        assert.deepStrictEqual(fs.readdirSync(directory), ["socket"])
        yield* Scope.close(first, Exit.void)
        yield* listen(file)
        yield* Effect.scoped(connect(file))
      })
    )

    live(
      "other files are never replaced",
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const file = path.join(directory, "file")
        fs.writeFileSync(file, "foreign")
        assert.propertyVal(yield* Effect.flip(listen(file)), "reason", "AddressInUse")
        assert.propertyVal(yield* Effect.flip(listen(file, { replaceStale: true })), "reason", "NotASocket")
        assert.strictEqual(fs.readFileSync(file, "utf8"), "foreign")
        assert.deepStrictEqual(fs.readdirSync(directory), ["file"])
      })
    )

    live(
      "a socket that a killed process left is AddressInUse, unless it may be replaced",
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const file = path.join(directory, "socket")
        const killed = yield* runFixture("peer", ["listen", `unix:${file}`])
        yield* killed.line
        killed.process.kill("SIGKILL")
        yield* killed.exit
        assert.deepStrictEqual(fs.readdirSync(directory), ["socket"])
        assert.propertyVal(yield* Effect.flip(listen(file)), "reason", "AddressInUse")
        yield* listen(file, { replaceStale: true })
        yield* Effect.scoped(connect(file))
        assert.deepStrictEqual(fs.readdirSync(directory), ["socket"])
      })
    )
  })
}

describe("modes", () => {
  live(
    "a mode that is none is InvalidArgument, which names the limit, and nothing was made",
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = path.join(directory, "socket")
      for (const mode of [-1, 1.5, NaN, Infinity, 0o10000, 2 ** 31, 2 ** 32 - 1, 2 ** 32]) {
        const failure = yield* Effect.flip(staged(file, { mode }))
        assert.include(failure, { _tag: "InvalidArgument", operation: "listen" })
        assert.propertyVal(failure, "problem", `mode must be an integer from 0 to 0o7777, not ${mode}`)
      }
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    })
  )

  for (const [kind, listen] of [
    ["staged and linked", staged],
    ["bound in place", inPlace]
  ] as const) {
    live(
      `the ends of the range, and -0, are taken (${kind})`,
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        for (const mode of [0, -0, 0o7777]) {
          const file = path.join(directory, String(Object.is(mode, -0) ? "minus" : mode))
          yield* listen(file, { mode })
          assert.strictEqual(fs.statSync(file).mode & 0o7777, mode + 0)
        }
      })
    )
  }
})

describe("paths", () => {
  live(
    "DW-37 without an address: a random path in a directory of mode 0700, removed afterwards",
    Effect.gen(function* () {
      const transport = yield* Transport
      const paths = yield* Effect.scoped(
        Effect.gen(function* () {
          const first = (yield* transport.listen(Option.none())).address
          const second = (yield* transport.listen(Option.none())).address
          if (first._tag !== "UnixAddress" || second._tag !== "UnixAddress") return assert.fail("not Unix addresses")
          assert.notStrictEqual(first.path, second.path)
          assert.strictEqual(permissions(path.dirname(first.path)), 0o700)
          assert.deepStrictEqual(fs.readdirSync(path.dirname(first.path)), [path.basename(first.path)])
          yield* Effect.scoped(connect(first.path))
          return [first.path, second.path]
        })
      )
      for (const file of paths) assert.isFalse(fs.existsSync(path.dirname(file)))
    })
  )

  live(
    "a path of the greatest length works on both sides, one byte more is InvalidAddress",
    Effect.gen(function* () {
      const limit = process.platform === "linux" ? 107 : 103
      const directory = yield* temporaryDirectory
      const longest = path.join(directory, "x".repeat(limit - directory.length - 1))
      assert.strictEqual(Buffer.byteLength(longest), limit)
      yield* staged(longest)
      yield* Effect.scoped(connect(longest))
      const failure = yield* Effect.flip(staged(`${longest}x`))
      assert.propertyVal(failure, "_tag", "InvalidAddress")
      assert.propertyVal(yield* Effect.flip(connect(`${longest}x`)), "_tag", "InvalidAddress")
      assert.deepStrictEqual(fs.readdirSync(directory), [path.basename(longest)])
    })
  )

  live(
    "a listener that cannot open leaves nothing behind",
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const address = UnixAddress(path.join(directory, "socket"))
      const failure = yield* Effect.flip(UnixListener.bind(Option.some(address), () => Effect.fail("no")))
      assert.strictEqual(failure, "no")
      const interrupted = yield* Effect.exit(UnixListener.bind(Option.some(address), () => Effect.interrupt))
      assert.isTrue(Exit.isInterrupted(interrupted))
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    })
  )

  live(
    "law 9 a bind that fails removes the socket also where closing the listener does not",
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const taken = path.join(directory, "taken")
      fs.writeFileSync(taken, "foreign")
      const listen = (bound: string) => Effect.sync(() => fs.writeFileSync(bound, ""))
      const failure = yield* Effect.flip(UnixListener.bind(Option.some(UnixAddress(taken)), listen))
      assert.propertyVal(failure, "reason", "AddressInUse")
      const address = Option.some(UnixAddress(path.join(directory, "socket")))
      const half = (bound: string) => Effect.zipRight(listen(bound), Effect.fail("no"))
      assert.strictEqual(yield* Effect.flip(UnixListener.bind(address, half)), "no")
      assert.deepStrictEqual(fs.readdirSync(directory), ["taken"])
    })
  )
})
