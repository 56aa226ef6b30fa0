import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { FdAddress } from "@ductworks/core/Address"
import { Transport } from "@ductworks/core/Transport"
import { NativeSockets, Sock, SocketTransport } from "../src/index.js"
import { AF, SOCK } from "../src/SocketConstants.js"
import { bytes, connected, freshPath, native, settled, text } from "./support/suite.js"

const openDescriptors = (): number => fs.readdirSync("/proc/self/fd").length

const isOpen = (fd: number): boolean => fs.existsSync(`/proc/self/fd/${fd}`)

/** A descriptor of a file. */
const opened = Effect.acquireRelease(
  Effect.sync(() => fs.openSync("/dev/null", "r")),
  (fd) => Effect.sync(() => isOpen(fd) && fs.closeSync(fd))
)

describe("sendFds and recvFds", () => {
  native(
    "SH-33 descriptors come as new ones, close-on-exec, which fdSock takes over",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const [left, right] = yield* Sock.socketpair()
      const path = yield* freshPath("file")
      fs.writeFileSync(path, "content")
      const file = fs.openSync(path, "r")
      assert.strictEqual(yield* one.sendFds(bytes("two of them"), [left.fd, file]), 11)
      fs.closeSync(file)
      const { data, fds, truncated } = yield* two.recvFds(100)
      assert.deepStrictEqual([text(data), fds.length, truncated], ["two of them", 2, false])
      const [socket = -1, copy = -1] = fds
      for (const fd of fds) assert.match(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"), /flags:\t02/)
      assert.strictEqual(fs.readFileSync(copy, "utf8"), "content")
      const adopted = yield* Sock.fdSock(socket)
      yield* left.close
      yield* adopted.send(bytes("through the copy"))
      assert.strictEqual(text(yield* right.recv(100)), "through the copy")
    })
  )

  native(
    "SH-33 the scope closes those that nobody took over, and no other",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      yield* one.sendFds(bytes("x"), [one.fd, one.fd])
      const scope = yield* Scope.make()
      const { fds } = yield* Scope.extend(two.recvFds(1), scope)
      const [taken = -1, left = -1] = fds
      const adopted = yield* Sock.fdSock(taken)
      assert.isTrue(isOpen(left))
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual([isOpen(taken), isOpen(left)], [true, false])
      // Closed by its socket; the number may be somebody else's now.
      yield* adopted.close
      assert.isFalse(isOpen(taken))
    })
  )

  native(
    "SH-33 nor one that another layer or a duct took over and closed, whose number is somebody else's now",
    Effect.gen(function* () {
      const takeOvers: ReadonlyArray<(fd: number) => Effect.Effect<void, unknown>> = [
        (fd) => Sock.fdSock(fd).pipe(Effect.scoped, Effect.provide(NativeSockets.layerWith()), Effect.asVoid),
        (fd) =>
          Effect.flatMap(Transport, ({ connect }) => connect(FdAddress(fd))).pipe(
            Effect.scoped,
            Effect.provide(SocketTransport.layer),
            Effect.asVoid
          )
      ]
      for (const takeOver of takeOvers) {
        const [one, two] = yield* Sock.socketpair()
        yield* one.sendFds(bytes("x"), [one.fd])
        const scope = yield* Scope.make()
        const { fds } = yield* Scope.extend(two.recvFds(1), scope)
        const [taken = -1] = fds
        yield* takeOver(taken)
        assert.isFalse(isOpen(taken))
        // The lowest number that is free.
        const others = [yield* opened]
        while (!others.includes(taken)) others.push(yield* opened)
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(isOpen(taken))
      }
    })
  )

  native(
    "SH-33 nor one of a later receive that got the number of one that was closed since",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      yield* one.sendFds(bytes("x"), [one.fd])
      const scope = yield* Scope.make()
      const { fds } = yield* Scope.extend(two.recvFds(1), scope)
      yield* Effect.scoped(Sock.fdSock(fds[0] ?? -1))
      yield* one.sendFds(bytes("x"), [one.fd])
      const later = yield* two.recvFds(1)
      assert.deepStrictEqual(later.fds, fds)
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(later.fds.every(isOpen))
    })
  )

  native(
    "SH-33 descriptors beyond the bound are closed by the system, and that is told",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const before = openDescriptors()
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* one.sendFds(
            bytes("many"),
            Array.from({ length: 20 }, () => one.fd)
          )
          const { fds, truncated } = yield* two.recvFds(10, 3)
          assert.deepStrictEqual([fds.length, truncated], [3, true])
          assert.strictEqual(openDescriptors(), before + 3)
          yield* one.sendFds(bytes("none"), [one.fd])
          const none = yield* two.recvFds(10, 0)
          assert.deepStrictEqual([text(none.data), none.fds, none.truncated], ["none", [], true])
        })
      )
      assert.strictEqual(openDescriptors(), before)
    })
  )

  native(
    "SH-33 253 descriptors at once are the most",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair(AF.UNIX, SOCK.DGRAM)
      yield* one.sendFds(
        bytes("x"),
        Array.from({ length: 253 }, () => one.fd)
      )
      const { fds } = yield* two.recvFds(1, 253)
      assert.strictEqual(new Set(fds).size, 253)
      const wrong: ReadonlyArray<Effect.Effect<unknown, unknown, Scope.Scope>> = [
        one.sendFds(
          bytes("x"),
          Array.from({ length: 254 }, () => one.fd)
        ),
        one.sendFds(new Uint8Array(0), [one.fd]),
        one.sendFds(bytes("x"), [-1]),
        one.sendFds(bytes("x"), [0.5]),
        two.recvFds(1, 254),
        two.recvFds(1, -1),
        two.recvFds(-1)
      ]
      for (const attempt of wrong) assert.propertyVal(yield* Effect.flip(attempt), "_tag", "InvalidArgument")
      assert.propertyVal(yield* Effect.flip(one.sendFds(bytes("x"), [1_000_000])), "code", "EBADF")
    })
  )

  native(
    "SH-33 a plain receive takes the bytes and leaves no descriptor open",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const before = openDescriptors()
      yield* one.sendFds(bytes("bytes"), [one.fd])
      assert.strictEqual(text(yield* two.recv(100)), "bytes")
      assert.strictEqual(openDescriptors(), before)
    })
  )

  native(
    "SH-33 a recvFds that is interrupted while it waits takes nothing, and leaves nothing",
    Effect.gen(function* () {
      const [one, two] = yield* Sock.socketpair()
      const before = openDescriptors()
      for (let i = 0; i < 10; i++) {
        const waiting = yield* Effect.fork(Effect.scoped(two.recvFds(1)))
        yield* settled
        yield* Fiber.interrupt(waiting)
      }
      yield* one.sendFds(bytes("x"), [one.fd])
      yield* Effect.scoped(Effect.map(two.recvFds(1), ({ fds }) => assert.lengthOf(fds, 1)))
      assert.strictEqual(openDescriptors(), before)
      yield* one.close
      const end = yield* two.recvFds(10)
      assert.deepStrictEqual([end.data.length, end.fds.length], [0, 0])
    })
  )

  native(
    "SH-33 TCP sockets pass no descriptors",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* client.sendFds(bytes("x"), [client.fd]).pipe(Effect.ignore)
      yield* client.send(bytes("y"))
      const { fds } = yield* server.recvFds(2)
      assert.lengthOf(fds, 0)
    })
  )
})

describe("peerCredentials", () => {
  native(
    "SH-33 peerCredentials tells pid, uid and gid of who is at the other end of a Unix socket",
    Effect.gen(function* () {
      const [one] = yield* Sock.socketpair()
      const expected = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() }
      assert.deepStrictEqual(yield* one.peerCredentials, expected)
      const [tcp] = yield* connected()
      assert.propertyVal(yield* Effect.flip(tcp.peerCredentials), "code", "ENOTSUP")
    })
  )
})
