import { Address } from "@ductworks/core"
import type { Connection } from "@ductworks/core/Connection"
import { Transport } from "@ductworks/core/Transport"
import { NodeTransport } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as path from "node:path"
import { fixture, report, run, runFixture, temporaryDirectory } from "./fixtures/programs.js"

const live = (title: string, body: Effect.Effect<void, unknown, Transport | Scope.Scope>) =>
  it.scopedLive(title, () => Effect.provide(body, NodeTransport.layer))

const connect = (address: Address.Address, options?: { readonly timeout?: "200 millis" }) =>
  Effect.flatMap(Transport, (transport) => transport.connect(address, options))

const listen = (address: Address.Address) =>
  Effect.flatMap(Transport, (transport) => transport.listen(Option.some(address)))

const freshUnix = Effect.map(temporaryDirectory, (directory) => Address.UnixAddress(path.join(directory, "socket")))

const loopback = Address.TcpAddress("127.0.0.1", 0)

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

  live(
    "a directory that is not there is NotFound",
    Effect.gen(function* () {
      const { path: file } = yield* freshUnix
      const failure = yield* Effect.flip(listen(Address.UnixAddress(path.join(file, "socket"))))
      assert.propertyVal(failure, "reason", "NotFound")
    })
  )
})

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
    "law 4 a peer that is stopped makes the writer wait with bounded memory, and goes on when it does",
    accepting("echo", (parent, child) =>
      Effect.gen(function* () {
        child.process.kill("SIGSTOP")
        let accepted = 0
        const piece = new Uint8Array(8192)
        const writer = yield* Effect.fork(
          Effect.forever(Effect.tap(parent.write([piece]), () => Effect.sync(() => (accepted += piece.length))))
        )
        const stalledAt = yield* Effect.iterate(-1, {
          while: (before) => before !== accepted,
          body: () =>
            Effect.delay(
              Effect.sync(() => accepted),
              "50 millis"
            )
        })
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
