import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as net from "node:net"
import * as path from "node:path"
import {
  addon,
  AF,
  EAGAIN,
  EINVAL,
  ENAMETOOLONG,
  ENOPROTOOPT,
  IPPROTO,
  known,
  owned,
  pair,
  rawAddress,
  SHUT,
  SIZE,
  SO,
  SOCK,
  socket,
  SOL,
  temporaryDirectory
} from "./support/addon.js"

const inet = known(AF["INET"])
const inet6 = known(AF["INET6"])

const there = (domain: number, ip: string, port: number) => {
  const raw = rawAddress()
  const length = addon.encodeInet(domain, ip, port, raw)
  return length < 0 ? length : addon.decode(raw, length)
}

const unix = (name: Uint8Array) => {
  const raw = rawAddress()
  const length = addon.encodeUnix(name, raw)
  const decoded = length < 0 ? length : addon.decode(raw, length)
  return decoded instanceof Uint8Array ? Uint8Array.from(decoded) : decoded
}

describe("addresses and options (native)", () => {
  it("SH-9 addresses come back as they went, zones included", () => {
    assert.deepStrictEqual(there(inet, "127.0.0.1", 80), ["127.0.0.1", 80])
    assert.deepStrictEqual(there(inet, "", 65_535), ["0.0.0.0", 65_535])
    assert.deepStrictEqual(there(inet6, "", 0), ["::", 0])
    assert.deepStrictEqual(there(inet6, "2001:DB8:0:0::1", 443), ["2001:db8::1", 443])
    assert.deepStrictEqual(there(inet6, "::ffff:1.2.3.4", 1), ["::ffff:1.2.3.4", 1])
    assert.deepStrictEqual(there(inet6, "fe80::1%lo", 1), ["fe80::1%lo", 1])
    assert.deepStrictEqual(there(inet6, `fe80::1%${addon.interfaceIndex("lo")}`, 1), ["fe80::1%lo", 1])
  })

  it("SH-9 what is no address of the family is refused before any system call", () => {
    for (const ip of ["localhost", "1.2.3", "1.2.3.4.5", "::1", "127.0.0.1\0", "x".repeat(5000), "1.2.3.4 "]) {
      assert.strictEqual(there(inet, ip, 1), -EINVAL)
    }
    for (const ip of ["127.0.0.1", "fe80::1%nosuch", "fe80::1%", "fe80::1%-1", "fe80::1%99999999999", "::1\0"]) {
      assert.strictEqual(there(inet6, ip, 1), -EINVAL)
    }
    for (const port of [-1, 65_536, 0.5, Number.NaN]) assert.strictEqual(there(inet, "127.0.0.1", port), -EINVAL)
    assert.strictEqual(there(known(AF["UNIX"]), "127.0.0.1", 1), -EINVAL)
    assert.strictEqual(addon.interfaceIndex("nosuch"), 0)
  })

  it("SH-9 M-6 a path is checked in bytes: 107 and no more on Linux, and without a NUL", () => {
    const room = known(SIZE["SUN_PATH"])
    const longest = new Uint8Array(room - 1).fill(0x61)
    assert.deepStrictEqual(unix(longest), longest)
    assert.strictEqual(unix(new Uint8Array(room).fill(0x61)), -ENAMETOOLONG)
    const abstract = new Uint8Array(room).fill(0x61).fill(0, 0, 1)
    assert.deepStrictEqual(unix(abstract), abstract)
    assert.strictEqual(unix(new Uint8Array(room + 1)), -ENAMETOOLONG)
    assert.deepStrictEqual(unix(Uint8Array.of(0, 1, 0, 2)), Uint8Array.of(0, 1, 0, 2))
    assert.strictEqual(unix(Uint8Array.of(1, 0, 2)), -EINVAL)
    assert.deepStrictEqual(unix(new Uint8Array(0)), new Uint8Array(0))
  })

  it("SH-9 any bytes at all are an address or none, and nothing worse", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.uint8Array({ maxLength: 140 }), FastCheck.nat(200), (raw, length) => {
        const decoded = addon.decode(raw, length)
        assert.isTrue(
          decoded === undefined || decoded instanceof Uint8Array || net.isIP(decoded[0].split("%")[0] ?? "") > 0
        )
        if (length > raw.length) assert.isUndefined(decoded)
      })
    )
    FastCheck.assert(
      FastCheck.property(FastCheck.ipV4(), FastCheck.nat(65_535), (ip, port) => {
        assert.deepStrictEqual(there(inet, ip, port), [ip, port])
      })
    )
  })

  it.scopedLive("SH-16 both ends of a connection have their names", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const name = Buffer.from(path.join(directory, "socket"))
      const listener = yield* socket(AF["UNIX"], SOCK["STREAM"])
      const client = yield* socket(AF["UNIX"], SOCK["STREAM"])
      const [raw, out] = [rawAddress(), rawAddress()]
      const length = addon.encodeUnix(name, raw)
      assert.strictEqual(addon.bind(listener, raw, length), 0)
      assert.strictEqual(addon.listen(listener, 1), 0)
      assert.strictEqual(addon.connect(client, raw, length), 0)
      assert.deepStrictEqual(addon.decode(out, addon.getpeername(client, out)), name)
      // Nobody named the client.
      assert.deepStrictEqual(addon.decode(out, addon.getsockname(client, out)), Buffer.alloc(0))
      const accepted = addon.accept(listener, out)
      assert.isAbove(accepted, 0)
      assert.deepStrictEqual(addon.decode(out, addon.results[0]), Buffer.alloc(0))
      addon.close(accepted)
    })
  )

  it.scopedLive("SH-6 a Unix listener that was shut down gives what came before that, and then EINVAL", () =>
    Effect.gen(function* () {
      const listener = yield* socket(AF["UNIX"], SOCK["STREAM"])
      const client = yield* socket(AF["UNIX"], SOCK["STREAM"])
      const directory = yield* temporaryDirectory
      const [raw, out] = [rawAddress(), rawAddress()]
      const length = addon.encodeUnix(Buffer.from(path.join(directory, "socket")), raw)
      assert.strictEqual(addon.bind(listener, raw, length), 0)
      assert.strictEqual(addon.listen(listener, 1), 0)
      const next = () => addon.accept(listener, out)
      assert.deepStrictEqual([next(), next(), next()], [-EAGAIN, -EAGAIN, -EAGAIN])
      assert.strictEqual(addon.connect(client, raw, length), 0)
      assert.strictEqual(addon.shutdown(listener, known(SHUT["RDWR"])), 0)
      yield* owned(next())
      // Once it may be that somebody else was faster.
      assert.deepStrictEqual([next(), next(), next()], [-EAGAIN, -EINVAL, -EINVAL])
    })
  )

  it.scopedLive("SH-17 SH-18 options are bytes of any length, which the system checks", () =>
    Effect.gen(function* () {
      const handle = yield* socket(AF["INET"], SOCK["STREAM"])
      const level = known(SOL["SOCKET"])
      const linger = Uint8Array.from(Buffer.from(Int32Array.of(1, 7).buffer))
      assert.strictEqual(addon.setsockopt(handle, level, known(SO["LINGER"]), linger), 0)
      const out = new Uint8Array(32).fill(9)
      assert.strictEqual(addon.getsockopt(handle, level, known(SO["LINGER"]), out), 8)
      assert.deepStrictEqual(out, Uint8Array.from([...linger, ...new Uint8Array(24).fill(9)]))
      assert.strictEqual(addon.getsockopt(handle, level, known(SO["LINGER"]), out.subarray(0, 4)), 4)
      assert.strictEqual(addon.setsockopt(handle, level, known(SO["LINGER"]), new Uint8Array(7)), -EINVAL)
      assert.strictEqual(addon.setsockopt(handle, level, known(SO["REUSEADDR"]), new Uint8Array(0)), -EINVAL)
      assert.strictEqual(addon.getsockopt(handle, level, 999_999, out), -ENOPROTOOPT)
      assert.strictEqual(addon.getsockopt(handle, 0.5, 1, out), -EINVAL)
    })
  )

  it.scopedLive("SH-18 options whose value is an address of memory do not exist here", () =>
    Effect.gen(function* () {
      const handle = yield* socket(AF["INET"], SOCK["STREAM"])
      const value = new Uint8Array(64)
      // SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF, TCP_ZEROCOPY_RECEIVE, as Linux has them.
      for (const [level, name] of [
        [known(SOL["SOCKET"]), 26],
        [known(SOL["SOCKET"]), 51],
        [known(IPPROTO["TCP"]), 35]
      ] as const) {
        assert.strictEqual(addon.setsockopt(handle, level, name, value), -ENOPROTOOPT)
        assert.strictEqual(addon.getsockopt(handle, level, name, value), -ENOPROTOOPT)
      }
    })
  )

  it.scopedLive("SH-31 SH-32 the system's counts of what can be read and written", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      const empty = addon.writable(one)
      assert.strictEqual(addon.readable(two), 0)
      addon.send(one, new Uint8Array(1000), 0, 1000, 0, 0)
      assert.strictEqual(addon.readable(two), 1000)
      assert.isBelow(addon.writable(one), empty)
    })
  )

  it.scopedLive("SH-33 the other end of a Unix socket is a process and a user", () =>
    Effect.gen(function* () {
      const [one] = yield* pair()
      const out = new Int32Array(3)
      assert.strictEqual(addon.peerCredentials(one, out), 0)
      assert.deepStrictEqual([...out], [process.pid, process.getuid?.() ?? -1, process.getgid?.() ?? -1])
      assert.strictEqual(addon.peerCredentials(one, new Int32Array(2)), -EINVAL)
    })
  )

  it.scopedLive("SH-36 groups are joined and left", () =>
    Effect.gen(function* () {
      const lo = addon.interfaceIndex("lo")
      for (const [domain, group] of [
        [inet, "239.1.2.3"],
        [inet6, "ff02::114"]
      ] as const) {
        const handle = yield* socket(domain, SOCK["DGRAM"])
        const raw = rawAddress()
        const length = addon.encodeInet(domain, group, 0, raw)
        assert.strictEqual(addon.membership(handle, true, raw, length, lo), 0)
        assert.isBelow(addon.membership(handle, true, raw, length, lo), 0)
        assert.strictEqual(addon.membership(handle, false, raw, length, lo), 0)
        assert.isBelow(addon.membership(handle, false, raw, length, lo), 0)
        assert.strictEqual(addon.membership(handle, true, raw, length, -1), -EINVAL)
      }
    })
  )
})
