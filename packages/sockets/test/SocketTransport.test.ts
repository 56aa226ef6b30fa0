import { Address, RawDuct } from "@ductworks/core"
import { Transport } from "@ductworks/core/Transport"
import { NodeTransport } from "@ductworks/platform-node"
import { AF, SOCK } from "@ductworks/sockets/SocketConstants"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as fs from "node:fs"
import * as path from "node:path"
import { addon, pair, rawAddress, socket, temporaryDirectory } from "./support/addon.js"
import {
  connect,
  ends,
  fixture,
  freshUnix,
  listen,
  live,
  loopback,
  openSockets,
  python,
  start
} from "./support/transport.js"

const reasonOf = (error: object): unknown => ("reason" in error ? error.reason : error)

/** A socket that is nobody's in this process: one that came over another socket. */
const inherited = (domain: number, type: number) =>
  Effect.gen(function* () {
    const sent = yield* socket(domain, type)
    const [one, two] = yield* pair()
    const fds = Int32Array.of(addon.fileno(sent))
    assert.strictEqual(addon.sendmsg(one, Uint8Array.of(1), 0, 1, 0, rawAddress(), 0, fds, 0), 1)
    assert.strictEqual(addon.recvmsg(two, new Uint8Array(1), 0, 1, 0, rawAddress(), fds), 1)
    return fds[0] ?? -1
  }).pipe(Effect.scoped)

const bytes = (count: number) => new Uint8Array(count).fill(7)

describe("connecting", () => {
  live(
    "DW-8 nobody there is NotFound (Unix) or Refused (TCP); another file is NotASocket",
    Effect.gen(function* () {
      const missing = yield* freshUnix
      assert.include(yield* Effect.flip(connect(missing)), { reason: "NotFound", code: "ENOENT" })
      const closed = yield* Effect.scoped(listen(loopback))
      assert.include(yield* Effect.flip(connect(closed.address)), { reason: "Refused", code: "ECONNREFUSED" })
      fs.writeFileSync(missing.path, "")
      assert.strictEqual(reasonOf(yield* Effect.flip(connect(missing))), "NotASocket")
      const directory = Address.UnixAddress(path.dirname(missing.path))
      assert.strictEqual(reasonOf(yield* Effect.flip(connect(directory))), "NotASocket")
    })
  )

  live(
    "DW-8 an attempt that takes longer than its time-out is TimedOut, one that is interrupted is over; both are closed",
    Effect.gen(function* () {
      const { line } = yield* python([
        "import socket, time",
        "s = socket.socket()",
        `s.bind(("127.0.0.1", 0))`,
        "s.listen(0)",
        "print(s.getsockname()[1], flush=True)",
        "time.sleep(60)"
      ])
      const address = Address.TcpAddress("127.0.0.1", Number(yield* line))
      // Nobody accepts: the queue is full after a few.
      const failure = yield* Effect.flip(Effect.forever(connect(address, { timeout: "100 millis" })))
      assert.include(failure, { reason: "TimedOut", code: "ETIMEDOUT" })
      const before = openSockets()
      const connecting = yield* Effect.fork(Effect.scoped(connect(address)))
      yield* Effect.repeat(Effect.yieldNow(), { until: () => openSockets().length > before.length })
      yield* Fiber.interrupt(connecting)
      assert.deepStrictEqual(openSockets(), before)
    })
  )

  live(
    "SH-37 a name stands for all its addresses, tried in turn; one that is none is NameNotResolved",
    Effect.gen(function* () {
      const { Resolver } = yield* Effect.promise(() => import("@ductworks/sockets/Resolver"))
      const listener = yield* listen(loopback)
      const port = listener.address._tag === "TcpAddress" ? listener.address.port : 0
      const named = connect(Address.TcpAddress("several.test", port)).pipe(
        Effect.provideService(Resolver, { resolve: () => Effect.succeed(["::1", "127.0.0.2", "127.0.0.1"] as const) })
      )
      const child = yield* named
      assert.deepStrictEqual(child.remoteAddress, Address.TcpAddress("several.test", port))
      assert.propertyVal(child.localAddress, "hostname", "127.0.0.1")
      const unknown = Address.TcpAddress("nonexistent.invalid", 7000)
      assert.strictEqual(reasonOf(yield* Effect.flip(connect(unknown))), "NameNotResolved")
      assert.strictEqual(reasonOf(yield* Effect.flip(listen(unknown))), "NameNotResolved")
    })
  )

  live(
    "DW-8 an address that no TCP connection can be made to is Unreachable, and leaves nothing open",
    Effect.gen(function* () {
      const before = openSockets()
      // Linux sends no TCP to a broadcast address, whatever routes there are (tcp_v4_connect).
      const failure = yield* Effect.flip(connect(Address.TcpAddress("255.255.255.255", 80)))
      assert.include(failure, { _tag: "ConnectFailed", reason: "Unreachable", code: "ENETUNREACH" })
      assert.deepStrictEqual(openSockets(), before)
    })
  )

  // A network of its own, in which the port asked for is the only one that the system can choose for who connects.
  const alone = [
    "ip link set lo up",
    "echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range",
    `python3 -c 'import socket, struct; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.connect(("127.0.0.1", 40000)); print(s.getsockname() == s.getpeername())'`,
    'exec "$@"'
  ].join(" && ")

  describe.runIf(process.platform === "linux" && process.getuid?.() === 0)("in a network of its own", () => {
    live(
      "mistake 16 a TCP socket that the system connects to itself is Refused",
      Effect.gen(function* () {
        const { exit } = yield* start("unshare", ["-n", "sh", "-c", alone, "sh", process.execPath, fixture("self")])
        // The first line is that of a plain socket, which does connect to itself, and closes so that the port is free.
        assert.strictEqual((yield* exit).text, 'True\n"Refused"')
      })
    )

    live(
      "DW-8 SH-10 a network without a way, and one that is said to be unreachable, are errors with every layer, which leave nothing",
      Effect.gen(function* () {
        const routes = 'ip link set lo up && ip route add unreachable 198.51.100.0/24 && exec "$@"'
        const { exit } = yield* start("unshare", [
          ...["-n", "sh", "-c", routes, "sh"],
          ...[process.execPath, fixture("unreachable")]
        ])
        const told = (tag: string, reason: string) => [
          [tag, reason, "ENETUNREACH", 0],
          [tag, reason, "EHOSTUNREACH", 0]
        ]
        assert.deepStrictEqual(JSON.parse((yield* exit).text), [
          ["NativeSockets", ...told("SocketFault", "")],
          ["PortableSockets", ...told("SocketFault", "")],
          ["SocketTransport", ...told("ConnectFailed", "Unreachable")],
          ["NodeTransport", ...told("ConnectFailed", "Unreachable")]
        ])
      })
    )
  })
})

describe("descriptors", () => {
  live(
    "a descriptor that is closed is NotFound, one that is a file NotASocket",
    Effect.gen(function* () {
      const over = (fd: number) => Effect.map(Effect.flip(connect(Address.FdAddress(fd))), reasonOf)
      assert.strictEqual(yield* over(1_000_000), "NotFound")
      const directory = yield* temporaryDirectory
      const file = yield* Effect.acquireRelease(
        Effect.sync(() => fs.openSync(directory, "r")),
        (fd) => Effect.sync(() => fs.closeSync(fd))
      )
      assert.strictEqual(yield* over(file), "NotASocket")
    })
  )

  const kinds = [
    ["UDP", AF.INET, SOCK.DGRAM],
    ["Unix datagram", AF.UNIX, SOCK.DGRAM],
    ["sequenced packet", AF.UNIX, SOCK.SEQPACKET]
  ] as const

  for (const [kind, domain, type] of kinds) {
    live(
      `a ${kind} socket is NotASocket, and closed, with connect and with a duct`,
      Effect.gen(function* () {
        const before = openSockets()
        const address = Address.FdAddress(yield* inherited(domain, type))
        const failure = yield* Effect.flip(connect(address))
        assert.include(failure, { _tag: "ConnectFailed", reason: "NotASocket", code: "EPROTOTYPE" })
        assert.deepStrictEqual(openSockets(), before)
        const child = yield* RawDuct.child({ address: Address.FdAddress(yield* inherited(domain, type)) })
        const told = yield* Effect.flip(child.connect())
        assert.include(told, { _tag: "ConnectFailed", reason: "NotASocket", code: "EPROTOTYPE" })
        assert.deepStrictEqual(openSockets(), before)
      })
    )
  }

  for (const [kind, domain, type] of kinds) {
    live(
      `a ${kind} socket is NotASocket over node:net, too, and stays open`,
      Effect.gen(function* () {
        const fd = yield* Effect.acquireRelease(inherited(domain, type), (fd) => Effect.sync(() => addon.closeFd(fd)))
        const before = openSockets()
        const failure = yield* Effect.flip(Effect.provide(connect(Address.FdAddress(fd)), NodeTransport.layer))
        assert.include(failure, { _tag: "ConnectFailed", reason: "NotASocket", code: "ERR_INVALID_FD_TYPE" })
        assert.deepStrictEqual(openSockets(), before)
        assert.include(before, fd)
      })
    )
  }

  live(
    "mistake 19 a descriptor has one owner in the process: another is AddressInUse",
    Effect.gen(function* () {
      const handle = yield* socket(AF.INET, SOCK.STREAM)
      const fd = addon.fileno(handle)
      assert.strictEqual(reasonOf(yield* Effect.flip(connect(Address.FdAddress(fd)))), "AddressInUse")
      const [parent] = yield* Effect.flatMap(Transport, (transport) => transport.pair())
      const own = Address.FdAddress(Option.getOrThrow(parent.fileno))
      assert.strictEqual(reasonOf(yield* Effect.flip(connect(own))), "AddressInUse")
    })
  )

  live(
    "DW-14 EX-8 closing does not end the connection for a process that inherited the descriptor",
    Effect.gen(function* () {
      const transport = yield* Transport
      const [parent, child] = yield* transport.pair()
      const heir = yield* start("sh", ["-c", 'read line; printf "%s" "$line" >&3'], {
        stdio: ["pipe", "pipe", "inherit", Option.getOrThrow(child.fileno)]
      })
      yield* child.close
      heir.child.stdin?.end("hello world\n")
      const received = Buffer.concat([...(yield* parent.pull)])
      assert.strictEqual(received.toString(), "hello world")
      assert.strictEqual((yield* Effect.flip(parent.pull))._tag, "RemoteDuctClosed")
    })
  )

  live(
    "DW-18 no delay and keep-alive are set on connected and accepted TCP sockets, as asked",
    Effect.gen(function* () {
      const told = ({ fileno }: { readonly fileno: Option.Option<number> }) =>
        python(
          [
            "import socket",
            "s = socket.socket(fileno=3)",
            "tcp = socket.IPPROTO_TCP",
            "print(s.getsockopt(tcp, socket.TCP_NODELAY) != 0,",
            "  s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0, s.getsockopt(tcp, socket.TCP_KEEPIDLE))"
          ],
          { stdio: ["ignore", "pipe", "inherit", Option.getOrThrow(fileno)] }
        ).pipe(
          Effect.flatMap(({ exit }) => exit),
          Effect.map(({ text }) => text)
        )
      for (const end of yield* ends(loopback)) assert.strictEqual(yield* told(end), "True True 30")
      for (const end of yield* ends(loopback, { noDelay: false, keepAlive: "2 minutes" })) {
        assert.strictEqual(yield* told(end), "False True 120")
      }
      const [off] = yield* ends(loopback, { keepAlive: false })
      assert.match(yield* told(off), /^True False/)
    })
  )
})

describe("bytes", () => {
  live(
    "a read gives at most readAhead, and what was lent to a write is sent as it was then",
    Effect.gen(function* () {
      const [child, parent] = yield* ends(yield* freshUnix, { readAhead: 1000 })
      yield* child.write([bytes(10), bytes(2990)])
      const [first] = yield* parent.pull
      assert.strictEqual(first.length, 1000)
      const second = new Uint8Array(5000)
      assert.strictEqual(yield* parent.pullInto?.(second) ?? Effect.dieMessage("no pullInto"), 2000)
      assert.deepStrictEqual(second.subarray(0, 2001), Uint8Array.from([...bytes(2000), 0]))
    })
  )

  live(
    "chunks of any size are the caller's own: what is read later leaves them alone",
    Effect.gen(function* () {
      const [child, parent] = yield* ends(yield* freshUnix)
      const sizes = [100_000, 70_000, 120_000, 65_536, 3000, 64, 90_000]
      const received: Array<Uint8Array> = []
      for (const [index, size] of sizes.entries()) {
        yield* Effect.fork(child.write([new Uint8Array(size).fill(index)]))
        for (let left = size; left > 0;) {
          const chunks = yield* parent.pull
          received.push(...chunks)
          for (const chunk of chunks) left -= chunk.length
        }
      }
      const all = Buffer.concat(received)
      const expected = Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, index)))
      assert.isTrue(all.equals(expected))
    })
  )

  live(
    "chunks of little after little are the caller's own, too, and keep 8 KiB of memory at most",
    Effect.gen(function* () {
      const [child, parent] = yield* ends(yield* freshUnix)
      const sizes = [...Array.from({ length: 60 }, (_, index) => 1 + ((index * 611) % 2040)), 100_000, 10]
      const received: Array<Uint8Array> = []
      for (const [index, size] of sizes.entries()) {
        yield* Effect.fork(child.write([new Uint8Array(size).fill(index)]))
        for (let left = size; left > 0;) {
          const [chunk, ...others] = yield* parent.pull
          assert.lengthOf(others, 0)
          received.push(chunk)
          left -= chunk.length
        }
      }
      assert.isTrue(Buffer.concat(received).equals(Buffer.concat(sizes.map((size, i) => Buffer.alloc(size, i)))))
      const littles = received.filter((chunk) => chunk.length < 2048)
      assert.isAtLeast(littles.length, 60)
      for (const { buffer } of littles) assert.isAtMost(buffer.byteLength, 8 * 1024)
    })
  )

  live(
    "of many connections, too, which read into one block after eight littles in a row",
    Effect.gen(function* () {
      const pairs = yield* Effect.all([ends(yield* freshUnix), ends(yield* freshUnix)])
      const kept: Array<Uint8Array> = []
      const round = (index: number, size = 100) =>
        Effect.forEach(pairs, ([child, parent], which) =>
          Effect.gen(function* () {
            yield* child.write([new Uint8Array(size).fill(2 * index + which)])
            const [chunk] = yield* parent.pull
            kept.push(chunk)
            return chunk
          })
        )
      for (let index = 0; index < 8; index++) yield* round(index)
      const [first, second] = yield* round(8)
      assert.isTrue(first?.buffer === second?.buffer && first?.buffer !== kept[14]?.buffer)
      assert.strictEqual(second?.byteOffset, (first?.byteOffset ?? 0) + 100)
      for (const [child, parent] of pairs) {
        yield* child.write([bytes(100)])
        assert.strictEqual(yield* parent.pullInto?.(new Uint8Array(200)) ?? Effect.dieMessage("no pullInto"), 100)
      }
      yield* round(9)
      assert.isTrue(kept.every((chunk, i) => chunk.every((byte) => byte === i)))
      // Others lie there as well: Node refuses to hand it on, or ignores that it should (before 21).
      const buffer = first?.buffer
      assert.instanceOf(buffer, ArrayBuffer)
      yield* Effect.ignore(Effect.try(() => structuredClone(buffer, { transfer: [buffer] })))
      assert.strictEqual(buffer.byteLength, 8 * 1024)
      // What is kept for long keeps nothing else.
      for (const tiny of yield* round(10, 64)) assert.isTrue(tiny.buffer !== buffer && tiny.buffer.byteLength === 64)
    })
  )

  live(
    "DW-12 poll(0) sees what has come since the last read, also when that emptied the buffer",
    Effect.gen(function* () {
      const [child, parent] = yield* ends(yield* freshUnix)
      const left = RawDuct.fromConnection(child)
      const right = RawDuct.fromConnection(parent)
      yield* left.sendAll(bytes(1))
      yield* right.recv(10)
      yield* left.sendAll(bytes(1))
      assert.isTrue(yield* right.poll())
      yield* right.recv(10)
      assert.isFalse(yield* right.poll(0))
      yield* left.sendAll(bytes(1))
      // The phase after the next poll of the event loop.
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(() => setImmediate(resolve))))
      assert.isTrue(yield* right.poll(0))
    })
  )

  live(
    "the other end may be a socket of node:net",
    Effect.gen(function* () {
      const address = yield* freshUnix
      const listener = yield* listen(address)
      const node = yield* Effect.provide(connect(address), NodeTransport.layer)
      const native = yield* listener.accept
      yield* node.write([bytes(500_000)]).pipe(Effect.fork)
      let received = 0
      while (received < 500_000) for (const chunk of yield* native.pull) received += chunk.length
      yield* native.write([bytes(10)])
      assert.strictEqual((yield* node.pull)[0].length, 10)
    })
  )

  live(
    "DW-25 a reset is RemoteDuctReset, for the reader and after a write that failed first",
    Effect.gen(function* () {
      for (const isWriter of [false, true]) {
        const [child, parent] = yield* ends(loopback)
        yield* child.abort
        yield* Effect.yieldNow()
        if (isWriter) yield* Effect.flip(Effect.forever(Effect.zipRight(parent.write([bytes(1)]), parent.flush)))
        assert.strictEqual((yield* Effect.flip(parent.pull))._tag, "RemoteDuctReset")
      }
    })
  )
})
