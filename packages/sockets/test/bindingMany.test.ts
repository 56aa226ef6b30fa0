import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mostDatagrams } from "../src/internal/binding.js"
import {
  addon,
  AF,
  descriptors,
  EAGAIN,
  EBADF,
  EINVAL,
  EMSGSIZE,
  known,
  pair,
  rawAddress,
  SIZE,
  SOCK,
  socket
} from "./support/addon.js"

const size = known(SIZE["SOCKADDR_STORAGE"])
const none = rawAddress()
const roomFor = (count: number) => [new Int32Array(2 * count), new Uint8Array(size * count)] as const
const buffersOf = (count: number) => Array.from({ length: count }, () => new Uint8Array(16))
const numbered = (count: number) => Array.from({ length: count }, (_, index) => Buffer.from(`${index}`))

const datagrams = pair(known(AF["UNIX"]), known(SOCK["DGRAM"]))

/** Bound to a port of its own; with its address. */
const bound = Effect.gen(function* () {
  const handle = yield* socket(AF["INET"], SOCK["DGRAM"])
  const address = rawAddress()
  const length = addon.encodeInet(known(AF["INET"]), "127.0.0.1", 0, address)
  assert.strictEqual(addon.bind(handle, address, length), 0)
  addon.getsockname(handle, address)
  return [handle, address, length] as const
})

describe("many datagrams (native)", () => {
  it.scopedLive("SH-29 one call takes up to so many, from the first that is asked for", () =>
    Effect.gen(function* () {
      const [receiver, address, length] = yield* bound
      const [sender] = yield* bound
      const all = numbered(mostDatagrams + 10)
      assert.strictEqual(addon.sendmmsg(sender, all, 0, address, length), mostDatagrams)
      assert.strictEqual(addon.sendmmsg(sender, all, mostDatagrams, address, length), 10)
      const [told, from] = roomFor(mostDatagrams)
      const buffers = buffersOf(mostDatagrams + 10)
      const counts = [1, 3, 1000, 1000].map((most) => addon.recvmmsg(receiver, buffers, 0, most, told, from))
      assert.deepStrictEqual(counts, [1, 3, mostDatagrams, 6])
      assert.strictEqual(addon.recvmmsg(receiver, buffers, 0, 5, told, from), -EAGAIN)
      const last = buffers.slice(0, 6).map((buffer, at) => Buffer.from(buffer.subarray(0, told[2 * at])).toString())
      assert.deepStrictEqual(last, ["68", "69", "70", "71", "72", "73"])
    })
  )

  it.scopedLive("SH-29 an address is told once for those in a row that came from it", () =>
    Effect.gen(function* () {
      const [receiver, address, length] = yield* bound
      const [one, oneAddress] = yield* bound
      const [two, twoAddress] = yield* bound
      addon.sendmmsg(one, numbered(2), 0, address, length)
      addon.sendmmsg(two, numbered(2), 0, address, length)
      addon.sendmmsg(one, numbered(1), 0, address, length)
      const [told, from] = roomFor(6)
      assert.strictEqual(addon.recvmmsg(receiver, buffersOf(6), 0, 6, told, from), 5)
      const lengths = [...told].filter((_, at) => at % 2 === 1)
      assert.deepStrictEqual(lengths, [length, -1, length, -1, length, 0])
      const addresses = [0, 2, 4].map((at) => from.subarray(size * at, size * at + length))
      const wanted = [oneAddress, twoAddress, oneAddress].map((raw) => raw.subarray(0, length))
      assert.deepStrictEqual(addresses, wanted)
    })
  )

  it.scopedLive("SH-28 those before one that fails have left, and the next call tells its error", () =>
    Effect.gen(function* () {
      const [, address, length] = yield* bound
      const [sender] = yield* bound
      const all = [...numbered(2), new Uint8Array(70_000), ...numbered(1)]
      assert.strictEqual(addon.sendmmsg(sender, all, 0, address, length), 2)
      assert.strictEqual(addon.sendmmsg(sender, all, 2, address, length), -EMSGSIZE)
      assert.strictEqual(addon.sendmmsg(sender, all, 3, address, length), 1)
    })
  )

  it.scopedLive("SH-12 arguments without room, or without a datagram, are refused, and nothing is taken", () =>
    Effect.gen(function* () {
      const [one, two] = yield* datagrams
      const [stream] = yield* pair()
      assert.strictEqual(addon.sendmmsg(one, numbered(3), 0, none, 0), 3)
      for (const [list, first] of [
        [[], 0],
        [numbered(2), 2],
        [numbered(2), 3],
        [numbered(2), -1],
        [numbered(2), 0.5],
        [new Proxy(numbered(2), {}), 0]
      ] as const) {
        assert.strictEqual(addon.sendmmsg(one, list, first, none, 0), -EINVAL)
      }
      const [told, from] = roomFor(3)
      const detached = new Uint8Array(16)
      structuredClone(detached.buffer, { transfer: [detached.buffer] })
      for (const [buffers, most, numbers, addresses] of [
        [[], 3, told, from],
        [buffersOf(3), 0, told, from],
        [buffersOf(3), -1, told, from],
        [buffersOf(4), 4, told, from],
        [buffersOf(3), 3, told.subarray(1), from],
        [buffersOf(3), 3, told, from.subarray(1)],
        [[...buffersOf(2), new Uint8Array(0)], 3, told, from],
        [[...buffersOf(2), detached], 3, told, from]
      ] as const) {
        assert.strictEqual(addon.recvmmsg(two, buffers, 0, most, numbers, addresses), -EINVAL)
      }
      assert.strictEqual(addon.sendmmsg(0, numbered(1), 0, none, 0), -EBADF)
      assert.strictEqual(addon.recvmmsg(0, buffersOf(1), 0, 1, told, from), -EBADF)
      assert.strictEqual(addon.recvmmsg(two, buffersOf(3), 0, 3, told, from), 3)
      assert.strictEqual(addon.recvmmsg(stream, buffersOf(3), 0, 3, told, from), -EAGAIN)
    })
  )

  it.scopedLive("SH-12 memory that a getter takes away meanwhile is not written to, or read from", () =>
    Effect.gen(function* () {
      const [one, two] = yield* datagrams
      const [told, from] = roomFor(3)
      const taking = (view: Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>, views: Array<Uint8Array>) =>
        Object.defineProperty(views, 1, {
          get: () => {
            structuredClone(view.buffer, { transfer: [view.buffer] })
            return new Uint8Array(16)
          }
        })
      const first = Uint8Array.of(1, 2, 3)
      assert.strictEqual(addon.sendmmsg(one, taking(first, [first, first]), 0, none, 0), 2)
      const into = new Uint8Array(16)
      assert.strictEqual(addon.recvmmsg(two, taking(into, [into, into]), 0, 2, told, from), -EINVAL)
      assert.strictEqual(addon.recvmmsg(two, taking(from, buffersOf(2)), 0, 2, told, from), -EINVAL)
      const other = new Uint8Array(size * 3)
      assert.strictEqual(addon.recvmmsg(two, taking(told, buffersOf(2)), 0, 2, told, other), -EINVAL)
      // Empty, as what it held was gone, and then what the getter gave.
      const [numbers, addresses] = roomFor(3)
      assert.strictEqual(addon.recvmmsg(two, buffersOf(3), 0, 3, numbers, addresses), 2)
      assert.deepStrictEqual([numbers[0], numbers[2]], [0, 16])
    })
  )

  it.scopedLive("SH-12 SH-22 it takes no descriptors: the system drops them", () =>
    Effect.gen(function* () {
      const [one, two] = yield* datagrams
      const [told, from] = roomFor(3)
      const before = descriptors()
      const fds = Int32Array.of(addon.fileno(one))
      addon.sendmsg(one, Uint8Array.of(1), 0, 1, 0, none, 0, fds, 0)
      assert.strictEqual(addon.recvmmsg(two, buffersOf(3), 0, 3, told, from), 1)
      assert.strictEqual(descriptors(), before)
    })
  )
})
