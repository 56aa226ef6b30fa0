import { Address } from "@ductworks/core"
import * as Connection from "@ductworks/core/Connection"
import { Transport } from "@ductworks/core/Transport"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import * as NodeDriver from "../src/NodeDriver.js"
import { fromSocket } from "../src/internal/open.js"
import { SocketDriver } from "../src/internal/socketDriver.js"
import { run, temporaryDirectory } from "./fixtures/programs.js"
import { concat, drain, live, text } from "./support/transport.js"

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
      const driver = yield* Effect.acquireRelease(
        Effect.sync(() => NodeDriver.make()),
        (driver) => driver.close("now")
      )
      const failure = yield* Effect.flip(NodeDriver.connect(driver, listener.address, { from: listener.address }))
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
