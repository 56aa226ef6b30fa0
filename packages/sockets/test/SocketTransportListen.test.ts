import { Address } from "@ductworks/core"
import { Transport } from "@ductworks/core/Transport"
import * as SocketTransport from "@ductworks/sockets/SocketTransport"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Credentials } from "@ductworks/sockets/Sock"
import { connect, freshUnix, listen, live, loopback, openSockets, ownScope, python } from "./support/transport.js"

const reasonOf = (error: object): unknown => ("reason" in error ? error.reason : error)

/** Another process, which has the descriptor, too, shuts its socket down. */
const shutDown = (fd: number) =>
  Effect.gen(function* () {
    const { exit } = yield* python(["import socket", "socket.socket(fileno=3).shutdown(socket.SHUT_RDWR)"], {
      stdio: ["ignore", "pipe", "inherit", fd]
    })
    assert.propertyVal(yield* exit, "code", 0)
  })

/** A socket file whose listener was killed. */
const abandoned = Effect.gen(function* () {
  const address = yield* freshUnix
  const { child, exit, line } = yield* python([
    "import socket, time",
    "s = socket.socket(socket.AF_UNIX)",
    `s.bind(${JSON.stringify(address.path)})`,
    "s.listen(1)",
    `print("listening", flush=True)`,
    "time.sleep(60)"
  ])
  yield* line
  child.kill("SIGKILL")
  yield* exit
  return address
})

describe("addresses of listeners", () => {
  for (const family of ["Unix", "TCP"]) {
    live(
      `DW-4 a ${family} address in use is AddressInUse, and may be bound once it is free`,
      Effect.gen(function* () {
        const asked = family === "Unix" ? yield* freshUnix : loopback
        const scope = yield* ownScope
        const { address } = yield* Scope.extend(listen(asked), scope)
        assert.strictEqual(reasonOf(yield* Effect.flip(listen(address))), "AddressInUse")
        yield* Effect.scoped(connect(address))
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual((yield* listen(address)).address, address)
      })
    )
  }

  live(
    "what is no address for a listener is told before the system is asked",
    Effect.gen(function* () {
      const tooLong = yield* Effect.flip(listen(Address.UnixAddress(`/tmp/${"x".repeat(200)}`)))
      assert.strictEqual(tooLong._tag, "InvalidAddress")
      assert.strictEqual((yield* Effect.flip(listen(Address.FdAddress(3))))._tag, "Unsupported")
      assert.strictEqual((yield* Effect.flip(listen(Address.MemoryAddress("x"))))._tag, "Unsupported")
      const elsewhere = yield* Effect.flip(listen(Address.TcpAddress("192.0.2.1", 0)))
      assert.strictEqual(reasonOf(elsewhere), "AddressNotAvailable")
      const missing = yield* freshUnix
      const inside = Address.UnixAddress(path.join(missing.path, "socket"))
      assert.strictEqual(reasonOf(yield* Effect.flip(listen(inside))), "NotFound")
    })
  )

  live(
    "DW-4 a file whose listener is gone gives way to replaceStale alone; connecting to it is refused",
    Effect.gen(function* () {
      const address = yield* abandoned
      assert.strictEqual(reasonOf(yield* Effect.flip(connect(address))), "Refused")
      assert.strictEqual(reasonOf(yield* Effect.flip(listen(address))), "AddressInUse")
      yield* listen(address, { replaceStale: true })
      yield* Effect.scoped(connect(address))
    })
  )

  live(
    "DW-4 a live listener's file never gives way, and its queue stays as it was",
    Effect.gen(function* () {
      const address = yield* freshUnix
      const listener = yield* listen(address, { backlog: 1 })
      const before = fs.statSync(address.path).ino
      const failure = yield* Effect.flip(listen(address, { replaceStale: true }))
      assert.strictEqual(reasonOf(failure), "AddressInUse")
      assert.strictEqual(fs.statSync(address.path).ino, before)
      const child = yield* connect(address)
      const parent = yield* listener.accept
      yield* child.write([Uint8Array.of(42)])
      assert.deepStrictEqual([...(yield* parent.pull)[0]], [42])
    })
  )

  live(
    "other files never give way",
    Effect.gen(function* () {
      const address = yield* freshUnix
      fs.writeFileSync(address.path, "foreign")
      assert.strictEqual(reasonOf(yield* Effect.flip(listen(address, { replaceStale: true }))), "NotASocket")
      assert.strictEqual(fs.readFileSync(address.path, "utf8"), "foreign")
    })
  )

  live(
    "law 9 a bind that fails leaves nothing beside what was in its way",
    Effect.gen(function* () {
      const { path: file } = yield* freshUnix
      const directory = path.dirname(file)
      fs.writeFileSync(file, "foreign")
      const live = Address.UnixAddress(path.join(directory, "live"))
      yield* listen(live)
      const failures = yield* Effect.forEach([file, live.path], (taken) =>
        Effect.forEach([false, true], (replaceStale) =>
          Effect.map(Effect.flip(listen(Address.UnixAddress(taken), { replaceStale })), reasonOf)
        )
      )
      assert.deepStrictEqual(failures.flat(), ["AddressInUse", "NotASocket", "AddressInUse", "AddressInUse"])
      assert.deepStrictEqual(fs.readdirSync(directory), ["live", path.basename(file)])
    })
  )

  live(
    "DW-19 the file has the mode that was asked for, and is gone with the scope",
    Effect.gen(function* () {
      const address = yield* freshUnix
      yield* Effect.scoped(
        Effect.tap(listen(address, { mode: 0o660 }), () =>
          Effect.sync(() => assert.strictEqual(fs.statSync(address.path).mode & 0o777, 0o660))
        )
      )
      assert.deepStrictEqual(fs.readdirSync(path.dirname(address.path)), [])
    })
  )

  live(
    "DW-4 a backlog that is no whole number is rounded down",
    Effect.gen(function* () {
      const listener = yield* listen(yield* freshUnix, { backlog: 1.5 })
      yield* Effect.replicateEffect(connect(listener.address), 2)
      assert.strictEqual(reasonOf(yield* Effect.flip(connect(listener.address))), "BacklogFull")
    })
  )

  live(
    "a mode that is none is InvalidArgument, and nothing was made",
    Effect.gen(function* () {
      const address = yield* freshUnix
      for (const mode of [-1, 1.5, NaN, 0o10000, 2 ** 31, 2 ** 32 - 1]) {
        const failure = yield* Effect.flip(listen(address, { mode }))
        assert.strictEqual(failure._tag, "InvalidArgument")
        assert.include(failure.message, "0o7777")
      }
      assert.deepStrictEqual(fs.readdirSync(path.dirname(address.path)), [])
    })
  )

  live(
    "DW-42 an abstract name is exactly the one that others know",
    Effect.gen(function* () {
      const name = `duct-${randomUUID()}`
      const listener = yield* listen(Address.UnixAddress(`\0${name}`))
      yield* python([
        "import socket",
        "s = socket.socket(socket.AF_UNIX)",
        `s.connect("\\0${name}")`,
        "s.sendall(b'x')"
      ])
      const parent = yield* listener.accept
      assert.deepStrictEqual([...(yield* parent.pull)[0]], [120])
      assert.strictEqual(reasonOf(yield* Effect.flip(listen(Address.UnixAddress(`\0${name}`)))), "AddressInUse")
    })
  )
})

describe("accepting", () => {
  for (const family of ["Unix", "TCP"]) {
    live(
      `DW-19 DW-20 closing a ${family} listener wakes who accepts, ends who waits in its queue, and refuses who comes`,
      Effect.gen(function* () {
        const scope = yield* ownScope
        const listener = yield* Scope.extend(listen(family === "Unix" ? yield* freshUnix : loopback), scope)
        const early = yield* connect(listener.address)
        const parent = yield* listener.accept
        const waiting = yield* Effect.replicateEffect(Effect.fork(listener.accept), 3)
        yield* Effect.yieldNow()
        yield* Scope.close(scope, Exit.void)
        for (const fiber of waiting) assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "DuctClosed")
        assert.strictEqual((yield* Effect.flip(listener.accept))._tag, "DuctClosed")
        const refused = reasonOf(yield* Effect.flip(connect(listener.address)))
        assert.strictEqual(refused, family === "Unix" ? "NotFound" : "Refused")
        yield* early.write([Uint8Array.of(42)])
        assert.deepStrictEqual([...(yield* parent.pull)[0]], [42])
      })
    )
  }

  for (const family of ["Unix", "TCP"]) {
    // TCP says EINVAL by itself; a Unix listener that was shut down says for ever that it has nothing yet.
    live(
      `DW-7 a ${family} listener that another process shut down wakes who accepts with CommunicationFault, and is destroyed`,
      Effect.gen(function* () {
        const address = family === "Unix" ? yield* freshUnix : loopback
        const before = openSockets()
        const listener = yield* listen(address)
        const [fd = -1] = openSockets().filter((fd) => !before.includes(fd))
        const waiting = yield* Effect.replicateEffect(Effect.fork(Effect.flip(listener.accept)), 3)
        yield* Effect.yieldNow()
        yield* shutDown(fd)
        const broken = { _tag: "CommunicationFault", code: "EINVAL" } as const
        for (const fiber of waiting) assert.include(yield* Fiber.join(fiber), broken)
        assert.include(yield* Effect.flip(listener.accept), broken)
        assert.deepStrictEqual(openSockets(), before)
      })
    )
  }

  live(
    "DW-7 who waits in the queue of a Unix listener that was shut down is accepted first",
    Effect.gen(function* () {
      const before = openSockets()
      const listener = yield* listen(yield* freshUnix)
      const [fd = -1] = openSockets().filter((fd) => !before.includes(fd))
      const child = yield* connect(listener.address)
      yield* shutDown(fd)
      const parent = yield* listener.accept
      yield* child.write([Uint8Array.of(42)])
      assert.deepStrictEqual([...(yield* parent.pull)[0]], [42])
      assert.include(yield* Effect.flip(listener.accept), { _tag: "CommunicationFault", code: "EINVAL" })
      assert.include(yield* Effect.flip(connect(listener.address)), { reason: "Refused", code: "ECONNREFUSED" })
    })
  )

  live(
    "DW-8 nothing is accepted before it is asked for: a Unix queue of one is full with two, and goes on when one is taken",
    Effect.gen(function* () {
      const listener = yield* listen(yield* freshUnix, { backlog: 1 })
      yield* Effect.replicateEffect(connect(listener.address), 2)
      assert.include(yield* Effect.flip(connect(listener.address)), { reason: "BacklogFull", code: "EAGAIN" })
      yield* listener.accept
      yield* connect(listener.address)
    })
  )

  live(
    "interrupted waits lose no connection",
    Effect.gen(function* () {
      const listener = yield* listen(yield* freshUnix)
      for (let index = 0; index < 20; index++) {
        const accepting = yield* Effect.fork(Effect.scoped(listener.accept))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(accepting)
      }
      const child = yield* connect(listener.address)
      const parent = yield* listener.accept
      yield* child.write([Uint8Array.of(1)])
      yield* parent.pull
    })
  )
})

describe.runIf(process.getuid?.() === 0)("who may connect", () => {
  const nobody = 65_534

  /** Another user, who connects, and prints whether he was let in. */
  const stranger = (address: Address.UnixAddress) => {
    fs.chmodSync(path.dirname(address.path), 0o755)
    return python(
      [
        "import os, socket",
        "s = socket.socket(socket.AF_UNIX)",
        `s.connect(${JSON.stringify(address.path)})`,
        `print("let in" if s.recv(1) == b"x" else "closed", flush=True)`
      ],
      { uid: nobody, gid: nobody }
    )
  }

  const welcome = (layer: typeof SocketTransport.layer) =>
    Effect.gen(function* () {
      const transport = yield* Transport
      const address = yield* freshUnix
      const listener = yield* transport.listen(Option.some(address), { mode: 0o666 })
      const accepting = yield* Effect.fork(listener.accept)
      const { exit } = yield* stranger(address)
      const outcome = yield* Effect.fork(exit)
      const first = yield* Effect.race(
        Effect.map(Fiber.join(outcome), ({ text }) => text),
        Effect.flatMap(Fiber.join(accepting), (parent) =>
          Effect.zipRight(
            parent.write([Uint8Array.of(120)]),
            Effect.map(Fiber.join(outcome), ({ text }) => text)
          )
        )
      )
      return { first, accepting, address }
    }).pipe(Effect.provide(layer))

  it.scopedLive("another user is closed at once, and the listener goes on (native)", () =>
    Effect.gen(function* () {
      const { accepting, address, first } = yield* welcome(SocketTransport.layer)
      assert.strictEqual(first, "closed")
      const child = yield* Effect.provide(connect(address), SocketTransport.layer)
      const parent = yield* Fiber.join(accepting)
      yield* child.write([Uint8Array.of(1)])
      yield* parent.pull
    })
  )

  it.scopedLive("allowPeer sees who it is and where, and lets in (native)", () =>
    Effect.gen(function* () {
      const seen: Array<readonly [Credentials, Address.Address]> = []
      const layer = SocketTransport.layerWith({
        allowPeer: (credentials, address) => seen.push([credentials, address]) > 0
      })
      const { address, first } = yield* welcome(layer)
      assert.strictEqual(first, "let in")
      const [[credentials, where] = assert.fail("nobody was asked about")] = seen
      assert.deepStrictEqual([credentials.uid, credentials.gid, where], [nobody, nobody, address])
      assert.isAbove(credentials.pid, 0)
    })
  )
})
