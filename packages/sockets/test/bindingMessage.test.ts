import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import type { Handle } from "../src/internal/binding.js"
import {
  addon,
  AF,
  descriptors,
  EAGAIN,
  EBADF,
  EINVAL,
  IPPROTO,
  isOpen,
  known,
  MSG,
  owned,
  pair,
  rawAddress,
  SOCK,
  socket
} from "./support/addon.js"

const one = Uint8Array.of(1)
const into = new Uint8Array(65_536)
const noFds = new Int32Array(0)

const sendFds = (handle: Handle, fds: ReadonlyArray<number>) =>
  addon.sendmsg(handle, one, 0, 1, 0, rawAddress(), 0, Int32Array.from(fds), 0)

const recvFds = (handle: Handle, bound: number) => {
  const fds = new Int32Array(bound)
  const count = addon.recvmsg(handle, into, 0, into.length, 0, rawAddress(), fds)
  const received = [...fds.subarray(0, addon.results[3])]
  return { count, received, cut: (addon.results[1] & known(MSG["CTRUNC"])) !== 0 }
}

const closeAll = (fds: ReadonlyArray<number>) => {
  for (const fd of fds) assert.strictEqual(addon.closeFd(fd), 0)
}

describe("messages (native)", () => {
  it.scopedLive("SH-33 a descriptor is handed over as another one of the same file, close-on-exec", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pair()
      const [far, near] = yield* pair()
      assert.strictEqual(sendFds(left, [addon.fileno(far)]), 1)
      const { count, cut, received } = recvFds(right, 4)
      assert.deepStrictEqual([count, cut, received.length], [1, false, 1])
      const fd = received[0] ?? -1
      const flags = /flags:\s*(\d+)/.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? ""
      assert.isTrue((Number.parseInt(flags, 8) & 0o2000000) !== 0)
      const copy = yield* owned(addon.adopt(fd))
      addon.close(far)
      addon.send(copy, Buffer.from("hello"), 0, 5, 0, 0)
      assert.strictEqual(addon.recv(near, into, 0, 16, 0, 0), 5)
      assert.strictEqual(Buffer.from(into.subarray(0, 5)).toString(), "hello")
    })
  )

  it.scopedLive("SH-33 descriptors beyond the bound are closed, and it is told that there were more", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pair()
      const fd = addon.fileno(left)
      const before = descriptors()
      for (const [sent, bound] of [
        [3, 3],
        [3, 2],
        [4, 1],
        [253, 7],
        [253, 253],
        [253, 0],
        [1, 0]
      ] as const) {
        assert.strictEqual(
          sendFds(
            left,
            Array.from({ length: sent }, () => fd)
          ),
          1
        )
        const { cut, received } = recvFds(right, bound)
        assert.strictEqual(received.length, Math.min(sent, bound))
        assert.strictEqual(cut, sent > bound)
        assert.strictEqual(descriptors(), before + received.length)
        closeAll(received)
      }
    })
  )

  it.scopedLive("SH-22 receiving bytes alone takes no descriptors: the system drops them", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pair()
      const before = descriptors()
      const receive = [
        () => addon.recv(right, into, 0, 1, 0, 0),
        () => addon.recvv(right, [into], 0, 0),
        () => addon.recvfrom(right, into, 0, 1, 0, rawAddress())
      ]
      for (const each of receive) {
        sendFds(left, [addon.fileno(left)])
        assert.strictEqual(each(), 1)
        assert.strictEqual(descriptors(), before)
      }
    })
  )

  it.scopedLive("SH-33 descriptors that are none, and too many, are refused", () =>
    Effect.gen(function* () {
      const [left, right] = yield* pair()
      assert.strictEqual(sendFds(left, [-1]), -EBADF)
      assert.strictEqual(sendFds(left, [2 ** 30]), -EBADF)
      assert.strictEqual(
        sendFds(
          left,
          Array.from({ length: 254 }, () => 0)
        ),
        -EINVAL
      )
      for (const segment of [-1, 65_536, 0.5]) {
        assert.strictEqual(addon.sendmsg(left, one, 0, 1, 0, rawAddress(), 0, noFds, segment), -EINVAL)
      }
      assert.strictEqual(recvFds(right, 1).count, -EAGAIN)
    })
  )

  it.scopedLive("SH-33 what was sent and never received is not left open", () =>
    Effect.gen(function* () {
      const before = descriptors()
      const [left, right] = yield* pair()
      const [gone] = yield* pair()
      sendFds(left, [addon.fileno(gone)])
      addon.close(left)
      addon.close(right)
      const fd = addon.fileno(gone)
      addon.close(gone)
      assert.isFalse(isOpen(fd))
      assert.isAtMost(descriptors(), before + 1)
    })
  )

  it.scopedLive("SH-29 one call sends many datagrams of a size, and one receives many", () =>
    Effect.gen(function* () {
      const sender = yield* socket(AF["INET"], SOCK["DGRAM"])
      const receiver = yield* socket(AF["INET"], SOCK["DGRAM"])
      const to = rawAddress()
      const length = addon.encodeInet(known(AF["INET"]), "127.0.0.1", 0, to)
      assert.strictEqual(addon.bind(receiver, to, length), 0)
      addon.getsockname(receiver, to)
      const data = Uint8Array.from({ length: 1050 }, (_, at) => at % 251)
      const sendSegments = () => addon.sendmsg(sender, data, 0, data.length, 0, to, length, noFds, 100)

      assert.strictEqual(sendSegments(), 1050)
      const sizes = Array.from({ length: 11 }, () => addon.recv(receiver, into, 0, into.length, 0, 0))
      assert.deepStrictEqual(sizes, [...Array.from({ length: 10 }, () => 100), 50])

      const on = Uint8Array.from(Buffer.from(Int32Array.of(1).buffer))
      const { GRO } = addon.constants.UDP
      assert.strictEqual(addon.setsockopt(receiver, known(IPPROTO["UDP"]), known(GRO), on), 0)
      assert.strictEqual(sendSegments(), 1050)
      const from = rawAddress()
      const count = addon.recvmsg(receiver, into, 0, into.length, 0, from, noFds)
      assert.strictEqual(addon.results[2], 100)
      assert.strictEqual(addon.results[0], length)
      assert.deepStrictEqual(into.slice(0, count), data)
    })
  )
})
