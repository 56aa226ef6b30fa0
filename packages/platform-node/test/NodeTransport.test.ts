import { Address } from "@ductworks/core"
import * as Connection from "@ductworks/core/Connection"
import { Transport } from "@ductworks/core/Transport"
import type { SocketOptions } from "@ductworks/core/Transport"
import { NodeTransport } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { open, fromSocket } from "../src/internal/open.js"
import { SocketDriver } from "../src/internal/socketDriver.js"
import { fixture, report, run, temporaryDirectory } from "./fixtures/programs.js"

const text = new TextEncoder()

const concat = (chunks: Iterable<Uint8Array>): Buffer => Buffer.concat([...chunks])

/** Everything until the end, and the end. */
const drain = (connection: Connection.Connection) =>
  Effect.gen(function* () {
    const chunks: Array<Uint8Array> = []
    for (;;) {
      const pulled = yield* Effect.either(connection.pull)
      if (pulled._tag === "Left") return { bytes: concat(chunks), end: pulled.left }
      chunks.push(...pulled.right)
    }
  })

const families = [
  ["Unix", Option.none()],
  ["TCP over IPv4", Option.some(Address.TcpAddress("127.0.0.1", 0))],
  ["TCP over IPv6", Option.some(Address.TcpAddress("::1", 0))],
  ["TCP by name", Option.some(Address.TcpAddress("localhost", 0))]
] as const

/** A child and a parent end, each with the scope it is closed with. */
const ends = (address: Option.Option<Address.Address>, options?: SocketOptions) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const listener = yield* transport.listen(address, options)
    const childScope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
    const parentScope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
    const child = yield* Scope.extend(transport.connect(listener.address, options), childScope)
    const parent = yield* Scope.extend(listener.accept, parentScope)
    return { listener, child, parent, childScope, parentScope }
  })

const live = (title: string, body: Effect.Effect<void, unknown, Transport | Scope.Scope>) =>
  it.scopedLive(title, () => Effect.provide(body, NodeTransport.layer))

for (const [family, address] of families) {
  describe(family, () => {
    live(
      "DW-36 addresses are those asked for, with the actual port",
      Effect.gen(function* () {
        const { child, listener, parent } = yield* ends(address)
        assert.deepStrictEqual(child.remoteAddress, listener.address)
        assert.deepStrictEqual(parent.localAddress, listener.address)
        if (listener.address._tag === "TcpAddress" && Option.isSome(address)) {
          assert.isAbove(listener.address.port, 0)
          assert.strictEqual(listener.address.hostname, address.value.hostname)
          assert.deepStrictEqual(parent.remoteAddress, child.localAddress)
        } else {
          assert.deepStrictEqual(parent.remoteAddress, Address.UnixAddress(""))
          assert.deepStrictEqual(child.localAddress, Address.UnixAddress(""))
        }
      })
    )

    live(
      "DW-13 fileno is the connection's own descriptor",
      Effect.gen(function* () {
        const { child, parent } = yield* ends(address)
        const numbers = [child, parent].map(({ fileno }) => Option.getOrElse(fileno, () => -1))
        assert.notStrictEqual(numbers[0], numbers[1])
        for (const fd of numbers) assert.isTrue(fs.fstatSync(fd).isSocket())
      })
    )

    live(
      "DW-35 a send to a peer that is gone fails RemoteDuctClosed with its cause, and what it sent is still received",
      Effect.gen(function* () {
        const { child, childScope, parent } = yield* ends(address)
        yield* child.write([new Uint8Array(100_000).fill(7)])
        yield* child.flush
        yield* Scope.close(childScope, Exit.void)
        const failure = yield* Effect.flip(
          Effect.forever(Effect.zipRight(parent.write([text.encode("x")]), parent.flush))
        )
        assert.strictEqual(failure._tag, "RemoteDuctClosed")
        if (failure._tag === "RemoteDuctClosed") {
          assert.include(["EPIPE", "ECONNRESET"], failure.code)
          assert.instanceOf(failure.cause, Error)
        }
        const { bytes } = yield* drain(parent)
        assert.strictEqual(bytes.length, 100_000)
      })
    )

    live(
      "DW-17 DW-18 a successful close lingers until the bytes have left",
      Effect.gen(function* () {
        const { child, childScope, parent } = yield* ends(address)
        const sent = concat(Array.from({ length: 64 }, (_, index) => new Uint8Array(64 * 1024).fill(index)))
        yield* child.write([sent])
        const close = yield* Effect.fork(Scope.close(childScope, Exit.void))
        const { bytes, end } = yield* drain(parent)
        yield* Fiber.join(close)
        assert.isTrue(sent.equals(bytes))
        assert.strictEqual(end._tag, "RemoteDuctClosed")
      })
    )

    live(
      "DW-17 DW-18 nothing that was sent is lost when a duct is closed with input that nobody read",
      Effect.gen(function* () {
        const { child, childScope, parent } = yield* ends(address)
        yield* parent.write([new Uint8Array(300_000)])
        yield* child.readable
        const farewell = concat(Array.from({ length: 16 }, (_, index) => new Uint8Array(16 * 1024).fill(index)))
        yield* child.write([farewell])
        const close = yield* Effect.fork(Scope.close(childScope, Exit.void))
        const { bytes } = yield* drain(parent)
        yield* Fiber.join(close)
        assert.isTrue(farewell.equals(bytes))
      })
    )

    live(
      "DW-21 closing a connection that the peer has reset is no error",
      Effect.gen(function* () {
        const { child, childScope, parent } = yield* ends(address)
        yield* child.write([text.encode("x")])
        yield* parent.abort
        yield* Effect.flip(drain(child).pipe(Effect.flatMap(({ end }) => Effect.fail(end))))
        yield* Scope.close(childScope, Exit.void)
        yield* Scope.close(childScope, Exit.void)
      })
    )

    live(
      "an endWrite shows as the end of the stream, and the other direction goes on",
      Effect.gen(function* () {
        const { child, parent } = yield* ends(address)
        yield* child.write([new Uint8Array(1_000_000).fill(3)])
        const ending = yield* Effect.fork(child.endWrite)
        const { bytes, end } = yield* drain(parent)
        yield* Fiber.join(ending)
        assert.strictEqual(bytes.length, 1_000_000)
        assert.strictEqual(end._tag, "RemoteDuctClosed")
        yield* parent.write([text.encode("still here")])
        assert.strictEqual(concat(yield* child.pull).toString(), "still here")
      })
    )

    live(
      "small and large pieces written in one turn arrive in order",
      Effect.gen(function* () {
        const { child, parent } = yield* ends(address)
        const pieces = Array.from({ length: 3000 }, (_, index) =>
          new Uint8Array(index % 500 === 499 ? 20_000 : (index % 7) + 1).fill(index % 251)
        )
        const writer = yield* Effect.fork(
          Effect.zipRight(
            Effect.forEach(pieces, (piece) => child.write([piece]), { discard: true }),
            child.endWrite
          )
        )
        const { bytes } = yield* drain(parent)
        yield* Fiber.join(writer)
        assert.isTrue(concat(pieces).equals(bytes))
      })
    )

    live(
      "chunks belong to the caller: later reads do not change them",
      Effect.gen(function* () {
        const { child, parent } = yield* ends(address)
        const seen: Array<Uint8Array> = []
        for (const size of [1, 64, 65, 4095, 4096, 100_000]) {
          yield* child.write([new Uint8Array(size).fill(size % 251)])
          for (let got = 0; got < size;) {
            for (const chunk of yield* parent.pull) {
              seen.push(chunk)
              got += chunk.length
              assert.isAtMost(chunk.buffer.byteLength, Math.max(8192, chunk.length))
            }
          }
        }
        const expected = [1, 64, 65, 4095, 4096, 100_000].map((size) => new Uint8Array(size).fill(size % 251))
        assert.isTrue(concat(expected).equals(concat(seen)))
      })
    )

    live(
      "readAhead bounds what is read before it is asked for",
      Effect.gen(function* () {
        const { child, parent } = yield* ends(address, { readAhead: 1000 })
        yield* Effect.fork(child.write([new Uint8Array(100_000)]))
        let received = 0
        while (received < 100_000) {
          const size = concat(yield* parent.pull).length
          assert.isAtMost(size, 2000)
          received += size
        }
      })
    )
  })
}

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
    "DW-18 no delay and keep-alive are set on connected and accepted TCP sockets, as asked",
    Effect.gen(function* () {
      const script = [
        "import socket",
        "s = socket.socket(fileno=3)",
        "tcp = socket.IPPROTO_TCP",
        "idle = getattr(socket, 'TCP_KEEPIDLE', 0x10)",
        "print(s.getsockopt(tcp, socket.TCP_NODELAY) != 0,",
        "  s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0, s.getsockopt(tcp, idle))"
      ].join("\n")
      const optionsOf = (connection: Connection.Connection) =>
        Effect.gen(function* () {
          const fd = Option.getOrThrow(connection.fileno)
          const python = yield* run("python3", ["-c", script], { stdio: ["ignore", "pipe", "inherit", fd] })
          return (yield* python.output).trim()
        })
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

describe("pairs and the fallback", () => {
  live(
    "DW-41 both ends of a pair are connected, and nothing of it is on the disk",
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const usual = process.env["TMPDIR"]
      process.env["TMPDIR"] = directory
      const transport = yield* Transport
      const [parent, child] = yield* transport.pair().pipe(
        Effect.ensuring(
          Effect.sync(() => {
            if (usual === undefined) delete process.env["TMPDIR"]
            else process.env["TMPDIR"] = usual
          })
        )
      )
      assert.deepStrictEqual(fs.readdirSync(directory), [])
      for (const [one, other] of [
        [parent, child],
        [child, parent]
      ] as const) {
        assert.strictEqual(one.localAddress._tag, "UnixAddress")
        yield* one.write([text.encode("hello!")])
        assert.strictEqual(concat(yield* other.pull).toString(), "hello!")
      }
    })
  )

  live(
    "loopback TCP that connected to itself is a refusal",
    Effect.gen(function* () {
      const listener = yield* Effect.scoped(
        Effect.flatMap(Transport, (transport) => transport.listen(Option.some(Address.TcpAddress("127.0.0.1", 0))))
      )
      if (listener.address._tag !== "TcpAddress") return assert.fail("not a TCP address")
      const { hostname, port } = listener.address
      const self = { host: hostname, port, localAddress: hostname, localPort: port }
      const failure = yield* Effect.flip(open(listener.address, self, {}))
      assert.strictEqual(failure._tag, "ConnectFailed")
      assert.propertyVal(failure, "reason", "Refused")
    })
  )

  live(
    "a socket whose handle cannot be had works through its documented interface",
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = path.join(directory, "socket")
      const server = yield* Effect.acquireRelease(
        Effect.async<net.Server>((resume) => {
          const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true })
          server.listen(file, () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      const accepted = yield* Effect.fork(
        Effect.async<net.Socket>((resume) => {
          server.once("connection", (socket) => resume(Effect.succeed(socket)))
        })
      )
      const transport = yield* Transport
      const child = yield* transport.connect(Address.UnixAddress(file))
      const plain = yield* Fiber.join(accepted)
      const unnamed = Address.UnixAddress("")
      const parent = yield* Connection.make(new SocketDriver({ plain }, 1000), {
        localAddress: unnamed,
        remoteAddress: unnamed,
        fileno: Option.none(),
        linger: "1 second"
      })
      const sent = concat(Array.from({ length: 100 }, (_, index) => new Uint8Array(10_000).fill(index)))
      yield* Effect.fork(child.write([sent]).pipe(Effect.zipRight(child.endWrite)))
      const { bytes, end } = yield* drain(parent)
      assert.isTrue(sent.equals(bytes))
      assert.strictEqual(end._tag, "RemoteDuctClosed")
      yield* Effect.fork(parent.write([sent]).pipe(Effect.zipRight(parent.endWrite)))
      assert.isTrue(sent.equals((yield* drain(child)).bytes))
    })
  )

  live(
    "a connection over a child's stdio socket is half-open and reads nothing before it is asked to",
    Effect.gen(function* () {
      const program = yield* run("sh", ["-c", "cat <&3 >&3"], { stdio: ["ignore", "ignore", "inherit", "pipe"] })
      const stdio = program.process.stdio[3]
      if (!(stdio instanceof net.Socket)) return assert.fail("no socket")
      const unnamed = Address.UnixAddress("")
      const connection = yield* fromSocket(stdio, { localAddress: unnamed, remoteAddress: unnamed })
      yield* connection.write([text.encode("there and back")])
      yield* connection.endWrite
      assert.strictEqual((yield* drain(connection)).bytes.toString(), "there and back")
      assert.deepStrictEqual(yield* program.exit, { code: 0, signal: null })
    })
  )
})

describe("back-pressure", () => {
  live(
    "what a sender may hand over to a reader that stalls stays under 1 MiB while 1 GiB is offered",
    Effect.gen(function* () {
      const { child, parent } = yield* ends(Option.none())
      const piece = new Uint8Array(4096)
      let accepted = 0
      const writer = yield* Effect.fork(
        Effect.forever(Effect.tap(child.write([piece]), () => Effect.sync(() => (accepted += piece.length))))
      )
      yield* parent.readable
      const settled = yield* Effect.iterate(-1, {
        while: (before) => before !== accepted,
        body: () =>
          Effect.delay(
            Effect.sync(() => accepted),
            "50 millis"
          )
      })
      assert.isBelow(settled, 1024 * 1024)
      for (let received = 0; received < settled; received += concat(yield* parent.pull).length);
      yield* Effect.repeat(parent.pull, { until: () => accepted > settled })
      yield* Fiber.interrupt(writer)
    })
  )
})
