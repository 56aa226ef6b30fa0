import { Address } from "@ductworks/core"
import { Transport } from "@ductworks/core/Transport"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import * as path from "node:path"
import { run, runFixture, temporaryDirectory } from "./fixtures/programs.js"
import { connect, freshUnix, listen, live, loopback } from "./support/transport.js"

const listenUnheard = (family: "unix" | "tcp") =>
  Effect.gen(function* () {
    const address = family === "unix" ? yield* freshUnix : loopback
    const bind = address._tag === "UnixAddress" ? `"${address.path}"` : `("127.0.0.1", 0)`
    const script = [
      "import socket, time",
      `s = socket.socket(socket.${family === "unix" ? "AF_UNIX" : "AF_INET"})`,
      `s.bind(${bind})`,
      "s.listen(0)",
      "print(s.getsockname()[1] if s.family == socket.AF_INET else 0, flush=True)",
      "time.sleep(60)"
    ].join("\n")
    const program = yield* run("python3", ["-c", script])
    const port = Number(yield* program.line)
    return address._tag === "UnixAddress" ? address : Address.TcpAddress("127.0.0.1", port)
  })

/** Connects again and again, keeping every connection, until that fails. */
const connectUntilItFails = (address: Address.Address, options?: { readonly timeout?: "200 millis" }) =>
  Effect.flip(Effect.forever(connect(address, options)))

describe("connecting", () => {
  live(
    "DW-8 nobody there is NotFound (Unix) or Refused (TCP)",
    Effect.gen(function* () {
      const missing = yield* Effect.flip(connect(yield* freshUnix))
      assert.propertyVal(missing, "reason", "NotFound")
      assert.propertyVal(missing, "code", "ENOENT")
      const closed = yield* Effect.scoped(listen(loopback))
      const refused = yield* Effect.flip(connect(closed.address))
      assert.propertyVal(refused, "_tag", "ConnectFailed")
      assert.propertyVal(refused, "reason", "Refused")
      assert.include(refused.message, Address.format(closed.address))
    })
  )

  live(
    "DW-8 a socket file that nobody listens on is Refused, any other file NotASocket",
    Effect.gen(function* () {
      const address = yield* freshUnix
      const program = yield* runFixture("peer", ["listen", Address.format(address)])
      yield* program.line
      program.process.kill("SIGKILL")
      yield* program.exit
      assert.propertyVal(yield* Effect.flip(connect(address)), "reason", "Refused")
      const file = Address.UnixAddress(`${address.path}.txt`)
      fs.writeFileSync(file.path, "")
      assert.propertyVal(yield* Effect.flip(connect(file)), "reason", "NotASocket")
      const directory = Address.UnixAddress(path.dirname(address.path))
      assert.propertyVal(yield* Effect.flip(connect(directory)), "reason", "NotASocket")
    })
  )

  live(
    "DW-8 a Unix listener whose queue is full is BacklogFull",
    Effect.gen(function* () {
      const failure = yield* connectUntilItFails(yield* listenUnheard("unix"))
      assert.propertyVal(failure, "reason", "BacklogFull")
      assert.propertyVal(failure, "code", "EAGAIN")
    })
  )

  live(
    "DW-8 an attempt that takes longer than its time-out is TimedOut",
    Effect.gen(function* () {
      const failure = yield* connectUntilItFails(yield* listenUnheard("tcp"), { timeout: "200 millis" })
      assert.propertyVal(failure, "reason", "TimedOut")
    })
  )

  live(
    "a name that does not resolve is NameNotResolved, connecting and listening",
    Effect.gen(function* () {
      const name = "nonexistent.invalid"
      assert.propertyVal(yield* Effect.flip(connect(Address.TcpAddress(name, 7000))), "reason", "NameNotResolved")
      assert.propertyVal(yield* Effect.flip(listen(Address.TcpAddress(name, 0))), "reason", "NameNotResolved")
    })
  )

  live(
    "a descriptor that is closed is NotFound, one that is a file NotASocket",
    Effect.gen(function* () {
      assert.propertyVal(yield* Effect.flip(connect(Address.FdAddress(1_000_000))), "reason", "NotFound")
      const directory = yield* temporaryDirectory
      const fd = yield* Effect.acquireRelease(
        Effect.sync(() => fs.openSync(directory, "r")),
        (fd) => Effect.sync(() => fs.closeSync(fd))
      )
      assert.propertyVal(yield* Effect.flip(connect(Address.FdAddress(fd))), "reason", "NotASocket")
    })
  )

  live(
    "a descriptor is connected over once at a time, so that it is closed once",
    Effect.gen(function* () {
      const transport = yield* Transport
      const [, child] = yield* transport.pair()
      const fd = Option.getOrThrow(child.fileno)
      const program = yield* runFixture("twice", [], { stdio: ["ignore", "pipe", "inherit", fd] })
      assert.deepStrictEqual(JSON.parse(yield* program.output), [
        "success",
        "ConnectFailed AddressInUse",
        "ConnectFailed AddressInUse",
        "ConnectFailed NotFound"
      ])
    })
  )

  live(
    "addresses that cannot be are InvalidAddress, those of other transports Unsupported",
    Effect.gen(function* () {
      const invalid = [
        Address.UnixAddress(""),
        Address.UnixAddress("/tmp/a\0b"),
        Address.UnixAddress("/tmp/"),
        Address.UnixAddress(`/tmp/${"é".repeat(52)}`),
        Address.TcpAddress("", 7000),
        Address.TcpAddress("a host", 7000),
        Address.TcpAddress("127.0.0.1", 65_536),
        Address.TcpAddress("127.0.0.1", 1.5)
      ]
      for (const address of invalid) {
        for (const failure of [yield* Effect.flip(connect(address)), yield* Effect.flip(listen(address))]) {
          assert.propertyVal(failure, "_tag", "InvalidAddress", Address.format(address))
        }
      }
      assert.propertyVal(yield* Effect.flip(connect(loopback)), "_tag", "InvalidAddress")
      assert.propertyVal(yield* Effect.flip(connect(Address.FdAddress(-1))), "_tag", "InvalidAddress")
      const limit = process.platform === "linux" ? "109 bytes, and a Unix socket's path at most 107" : "at most 103"
      const long = yield* Effect.flip(connect(Address.UnixAddress(`/tmp/${"é".repeat(52)}`)))
      assert.include(long.message, limit)
      const memory = Address.MemoryAddress("name")
      for (const failure of [
        yield* Effect.flip(connect(memory)),
        yield* Effect.flip(listen(memory)),
        yield* Effect.flip(listen(Address.FdAddress(3)))
      ]) {
        assert.propertyVal(failure, "_tag", "Unsupported")
      }
    })
  )

  live(
    "an abstract name works where Node passes it on as it is, and is Unsupported elsewhere",
    Effect.gen(function* () {
      const address = Address.UnixAddress(`\0duct-test-${process.pid}-${Date.now()}`)
      const isRight = process.platform === "linux" && Number.parseInt(process.versions.node, 10) >= 22
      if (!isRight) {
        assert.propertyVal(yield* Effect.flip(connect(address)), "_tag", "Unsupported")
        assert.propertyVal(yield* Effect.flip(listen(address)), "_tag", "Unsupported")
        return
      }
      const listener = yield* listen(address)
      assert.propertyVal(yield* Effect.flip(listen(address)), "reason", "AddressInUse")
      const script = [
        "import socket, sys",
        "s = socket.socket(socket.AF_UNIX)",
        "s.connect('\\0' + sys.argv[1])",
        "s.send(b'hello')"
      ].join("\n")
      yield* run("python3", ["-c", script, address.path.slice(1)])
      const [chunk] = yield* Effect.flatMap(listener.accept, (parent) => parent.pull)
      assert.strictEqual(Buffer.from(chunk).toString(), "hello")
    })
  )
})
