import { Address, RawDuct } from "@ductworks/core"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { spawnSync } from "node:child_process"
import * as net from "node:net"
import { drain, listen, live, loopback, openSockets, text } from "./support/transport.js"

// The servers of this process that listen. The libuv of Node 20 keeps every error of accept(2) to itself (in
// src/unix/stream.c, uv__server_io: "if (err < 0) return"; a listener that was shut down, so that accept(2) fails with
// EINVAL, showed it too), so the event is emitted by hand, on the real server.
const servers = (): ReadonlyArray<net.Server> => {
  const list: unknown = Reflect.get(process, "_getActiveHandles")
  if (typeof list !== "function") return assert.fail("no list of handles")
  const active: unknown = Reflect.apply(list, process, [])
  return Array.isArray(active) ? active.filter((handle) => handle instanceof net.Server) : []
}

// Another process that has the descriptor dissolves the TCP connection: connect(2) to AF_UNSPEC. On Linux read(2) then
// fails with ENOTCONN, after the ECONNRESET that is taken away here. This thread stands still meanwhile.
const breakConnection = (fd: number) => {
  const script = [
    "import ctypes, socket",
    "assert ctypes.CDLL(None).connect(3, bytes(16), 16) == 0",
    "socket.socket(fileno=3).getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)"
  ].join("\n")
  const python = spawnSync("python3", ["-c", script], { stdio: ["ignore", "inherit", "inherit", fd] })
  assert.strictEqual(python.status, 0)
}

const connected = Effect.gen(function* () {
  const parent = yield* RawDuct.parent({ address: loopback })
  yield* parent.bind()
  const child = yield* RawDuct.child({ address: yield* parent.listenerAddress })
  yield* child.connect()
  assert.isTrue(yield* parent.listen())
  return { child, parent }
})

describe("listeners that fail underneath", () => {
  for (const [family, options] of [
    ["Unix", {}],
    ["TCP", { address: loopback }]
  ] as const) {
    live(
      `DW-7 a ${family} listener that fails is destroyed, the caller gets CommunicationFault and can bind again`,
      Effect.gen(function* () {
        const before = { servers: servers(), sockets: openSockets() }
        const parent = yield* RawDuct.parent(options)
        yield* parent.bind()
        const [server, ...others] = servers().filter((server) => !before.servers.includes(server))
        if (server === undefined || others.length > 0) return assert.fail("not one server more")
        const listening = yield* Effect.fork(Effect.flip(parent.listen()))
        yield* Effect.yieldNow()
        const cause = Object.assign(new Error("accept EINVAL"), { code: "EINVAL" })
        server.emit("error", cause)
        assert.include(yield* Fiber.join(listening), { _tag: "CommunicationFault", code: "EINVAL", cause })
        assert.isFalse(server.listening)
        assert.deepStrictEqual(openSockets(), before.sockets)
        yield* parent.bind()
        const child = yield* RawDuct.child({ address: yield* parent.listenerAddress })
        yield* child.connect()
        assert.isTrue(yield* parent.listen())
        yield* child.sendAll(text.encode("again"))
        assert.deepStrictEqual(yield* parent.recvExact(5), text.encode("again"))
      })
    )
  }
})

describe.runIf(process.platform === "linux")("connections that fail underneath", () => {
  live(
    "DW-12 poll on a socket that fails destroys it and is LocalSocketFault; the duct can connect again",
    Effect.gen(function* () {
      const before = openSockets()
      const { child, parent } = yield* connected
      const polling = yield* Effect.fork(Effect.flip(child.poll()))
      yield* Effect.yieldNow()
      breakConnection(yield* child.fileno)
      assert.include(yield* Fiber.join(polling), { _tag: "LocalSocketFault", code: "ENOTCONN" })
      assert.strictEqual((yield* Effect.flip(child.recv(1)))._tag, "NotConnected")
      yield* parent.close()
      assert.deepStrictEqual(openSockets(), before)
      const next = yield* RawDuct.parent({ address: yield* parent.listenerAddress })
      yield* next.bind()
      yield* child.connect()
      assert.isTrue(yield* next.listen())
    })
  )

  live(
    "DW-7 DW-12 a receive on a socket that fails is LocalSocketFault, and the descriptor is closed with the duct",
    Effect.gen(function* () {
      const before = openSockets()
      const { child, parent } = yield* connected
      const receiving = yield* Effect.fork(Effect.flip(child.recv(1)))
      yield* Effect.yieldNow()
      breakConnection(yield* child.fileno)
      assert.include(yield* Fiber.join(receiving), { _tag: "LocalSocketFault", operation: "recv", code: "ENOTCONN" })
      yield* child.close()
      yield* parent.close()
      assert.deepStrictEqual(openSockets(), before)
    })
  )
})

describe("connections that the other end resets", () => {
  live(
    "DW-25 M-3 a reset that comes with the last bytes is RemoteDuctReset, after them (tcp)",
    Effect.gen(function* () {
      const listener = yield* listen(loopback)
      const { address } = listener
      if (address._tag !== "TcpAddress") return assert.fail("not a TCP address")
      const socket = yield* Effect.acquireRelease(
        Effect.sync(() => net.connect(address.port, "127.0.0.1").on("error", () => {})),
        (socket) => Effect.sync(() => socket.destroy())
      )
      const connection = yield* listener.accept
      // Both are here before the first read.
      const gone = new Promise((resume) => socket.once("close", resume))
      socket.write("last", () => socket.resetAndDestroy())
      yield* Effect.promise(() => gone)
      const { bytes, end } = yield* drain(connection)
      assert.strictEqual(bytes.toString(), "last")
      assert.include(end, { _tag: "RemoteDuctReset", code: "ECONNRESET" })
    })
  )
})

describe("addresses of the past", () => {
  live(
    "DW-18 reuse address: a parent that closed first can bind its port at once again",
    Effect.gen(function* () {
      const { child, parent } = yield* connected
      const address = yield* parent.listenerAddress
      if (address._tag !== "TcpAddress") return assert.fail("not a TCP address")
      // The side that closes first keeps the port for a minute or so: TIME_WAIT.
      const closing = yield* Effect.fork(parent.close())
      assert.strictEqual((yield* child.recv(1)).length, 0)
      yield* child.close()
      yield* Fiber.join(closing)
      // Who does not set SO_REUSEADDR sees that.
      const script = `import socket; socket.socket().bind(("127.0.0.1", ${address.port}))`
      const plain = spawnSync("python3", ["-c", script], { encoding: "utf8" })
      assert.include(plain.stderr, "Address already in use")
      const next = yield* RawDuct.parent({ address: Address.TcpAddress("127.0.0.1", address.port) })
      yield* next.bind()
      assert.deepStrictEqual(next.bindAddress, Option.some(address))
      assert.isFalse(yield* next.listen(0))
    })
  )
})
