import { Address } from "@ductworks/core"
import { Transport } from "@ductworks/core/Transport"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type { SpawnOptions } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fixture, report, run, runFixture, temporaryDirectory } from "./fixtures/programs.js"
import { connect, freshUnix, listen, live, loopback } from "./support/transport.js"

describe("listening", () => {
  live(
    "DW-4 a port in use is AddressInUse, and may be bound once it is free",
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { address } = yield* Scope.extend(listen(loopback), scope)
      const failure = yield* Effect.flip(listen(address))
      assert.propertyVal(failure, "_tag", "BindFailed")
      assert.propertyVal(failure, "reason", "AddressInUse")
      assert.propertyVal(failure, "code", "EADDRINUSE")
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual((yield* listen(address)).address, address)
    })
  )

  live(
    "an address of another machine is AddressNotAvailable",
    Effect.gen(function* () {
      const failure = yield* Effect.flip(listen(Address.TcpAddress("192.0.2.1", 0)))
      assert.propertyVal(failure, "reason", "AddressNotAvailable")
    })
  )

  for (const [family, address] of [
    ["Unix", Option.none()],
    ["TCP", Option.some(loopback)]
  ] as const) {
    live(
      `DW-19 DW-20 closing a ${family} listener wakes who accepts, and refuses who comes`,
      Effect.gen(function* () {
        const transport = yield* Transport
        const scope = yield* Scope.make()
        const listener = yield* Scope.extend(transport.listen(address), scope)
        const waiting = yield* Effect.replicateEffect(Effect.fork(listener.accept), 3)
        yield* Effect.yieldNow()
        yield* Scope.close(scope, Exit.void)
        for (const fiber of waiting) assert.propertyVal(yield* Effect.flip(Fiber.join(fiber)), "_tag", "DuctClosed")
        assert.propertyVal(yield* Effect.flip(listener.accept), "_tag", "DuctClosed")
        const refused = yield* Effect.flip(connect(listener.address))
        assert.propertyVal(refused, "reason", family === "Unix" ? "NotFound" : "Refused")
      })
    )

    live(
      `DW-6 a ${family} connection that was not accepted ends when the listener closes`,
      Effect.gen(function* () {
        const transport = yield* Transport
        const scope = yield* Scope.make()
        const listener = yield* Scope.extend(transport.listen(address), scope)
        const first = yield* connect(listener.address)
        const second = yield* connect(listener.address)
        const parent = yield* listener.accept
        yield* Scope.close(scope, Exit.void)
        assert.include(["RemoteDuctClosed", "RemoteDuctReset"], (yield* Effect.flip(second.pull))._tag)
        yield* first.write([Uint8Array.of(42)])
        assert.deepStrictEqual([...(yield* parent.pull)[0]], [42])
      })
    )
  }

  live(
    "at most 64 connections that nobody accepted are held; the others end",
    Effect.gen(function* () {
      const transport = yield* Transport
      const listener = yield* transport.listen(Option.none())
      const connections = yield* Effect.replicateEffect(connect(listener.address), 70)
      const ended = yield* Effect.forEach(connections.slice(64), (connection) => Effect.flip(connection.pull), {
        concurrency: "unbounded"
      })
      assert.strictEqual(ended.length, 6)
      const [first] = connections
      yield* first?.write([Uint8Array.of(42)]) ?? Effect.dieMessage("no connection")
      const accepted = yield* Effect.replicateEffect(listener.accept, 64)
      assert.deepStrictEqual([...((yield* accepted[0]?.pull ?? Effect.dieMessage("none"))[0] ?? [])], [42])
    })
  )

  live(
    "a directory that may not be written, and a socket that may not be, are PermissionDenied",
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      fs.chmodSync(directory, 0o755)
      const address = Address.UnixAddress(path.join(directory, "socket"))
      yield* listen(address)
      const elsewhere = Address.format(Address.UnixAddress(path.join(directory, "other")))
      // Root may write everywhere: it tries as nobody.
      const isRoot = process.getuid?.() === 0
      if (!isRoot) {
        fs.chmodSync(directory, 0o500)
        fs.chmodSync(address.path, 0o400)
      }
      const program = yield* runFixture("attempts", [elsewhere, Address.format(address)], isRoot ? { uid: 65_534 } : {})
      const outcome = yield* report(program, { listen: Schema.String, connect: Schema.String })
      if (!isRoot) fs.chmodSync(directory, 0o700)
      assert.deepStrictEqual(outcome, {
        listen: "BindFailed PermissionDenied",
        connect: "ConnectFailed PermissionDenied"
      })
    })
  )

  /** Listens at the address and connects to it, in a shell's process that was prepared so. */
  const attempts = (preparation: string, address: string, options: SpawnOptions = {}) =>
    Effect.flatMap(
      run("sh", ["-c", `${preparation}; exec "$@"`, "sh", process.execPath, fixture("attempts"), address, address], {
        stdio: ["ignore", "pipe", "inherit"],
        ...options
      }),
      (program) => report(program, { listen: Schema.String, connect: Schema.String })
    )

  live(
    "DW-37 a umask that takes everything away is in nobody's way",
    Effect.gen(function* () {
      const { path: file } = yield* freshUnix
      const directory = path.dirname(file)
      // Root may do everything: it tries as nobody.
      const isRoot = process.getuid?.() === 0
      if (isRoot) fs.chownSync(directory, 65_534, 65_534)
      const user = isRoot ? { uid: 65_534, gid: 65_534 } : {}
      for (const umask of ["0177", "0777"]) {
        const outcome = yield* attempts(`umask ${umask}`, `unix:${file}`, user)
        assert.deepStrictEqual(outcome, { listen: "success", connect: "success" })
        assert.deepStrictEqual(fs.readdirSync(directory), [])
      }
    })
  )

  live(
    "a path relative to a directory that was removed is NotFound",
    Effect.gen(function* () {
      const outcome = yield* attempts('rmdir "$PWD"', "unix:socket", { cwd: yield* temporaryDirectory })
      assert.deepStrictEqual(outcome, { listen: "BindFailed NotFound", connect: "ConnectFailed NotFound" })
    })
  )

  live(
    "a directory that is not there is NotFound",
    Effect.gen(function* () {
      const { path: file } = yield* freshUnix
      const failure = yield* Effect.flip(listen(Address.UnixAddress(path.join(file, "socket"))))
      assert.propertyVal(failure, "reason", "NotFound")
    })
  )
})
