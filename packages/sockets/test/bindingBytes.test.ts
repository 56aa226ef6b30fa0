import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import {
  addon,
  AF,
  EAGAIN,
  EINVAL,
  EOPNOTSUPP,
  EPIPE,
  known,
  MSG,
  pair,
  rawAddress,
  runs,
  SOCK,
  socket
} from "./support/addon.js"
import * as fs from "node:fs"
import { giveWay } from "../src/internal/binding.js"

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

const MiB = 1024 * 1024

/** Bytes for which the system was asked for large pages (proc_pid_smaps(5)). */
const largePages = (): number => {
  let size = 0
  let sum = 0
  for (const line of fs.readFileSync("/proc/self/smaps", "utf8").split("\n")) {
    if (line.startsWith("Size:")) size = 1024 * Number.parseInt(line.slice(5))
    if (line.startsWith("VmFlags:") && / hg( |$)/.test(line)) sum += size
  }
  return sum
}

const hasLargePages = fs.existsSync("/sys/kernel/mm/transparent_hugepage")

describe("bytes (native)", () => {
  it.scopedLive("SH-22 SH-28 bytes go from any part of a view into any part of one", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      assert.strictEqual(addon.send(one, Buffer.from("..hello.."), 2, 5, 0, 0), 5)
      const into = Buffer.from("-----------")
      assert.strictEqual(addon.recv(two, into.subarray(1), 2, 7, 0, 0), 5)
      assert.strictEqual(text(into), "---hello---")
      assert.strictEqual(addon.recv(two, into, 0, 1, 0, 0), -EAGAIN)
      addon.close(one)
      assert.strictEqual(addon.recv(two, into, 0, 1, 0, 0), 0)
      assert.strictEqual(addon.send(two, into, 0, 1, 0, 0), -EPIPE)
    })
  )

  it.scopedLive.runIf(hasLargePages)(
    "SH-22 large memory has large pages in the midst of much, but none that reach beyond what is asked for",
    () =>
      Effect.gen(function* () {
        const [one, two] = yield* pair()
        // As memory of its own has it that the system maps: nothing was written there yet.
        const memory = new Uint8Array(64 * MiB)
        const of = (offset: number, length: number, sent = 64 * 1024): number => {
          const before = largePages()
          assert.strictEqual(addon.send(one, new Uint8Array(sent), 0, sent, 0, 0), sent)
          assert.strictEqual(addon.recv(two, memory, offset, length, 0, 0), sent)
          return largePages() - before
        }
        assert.strictEqual(of(0, 6 * MiB), 0)
        assert.strictEqual(of(0, 4 * MiB - 1), 0)
        const some = of(1, 6 * MiB - 2, 64 * 1024 - 1)
        assert.include([4 * MiB, 6 * MiB], some + 2 * MiB)
        assert.strictEqual(of(20 * MiB, 40 * MiB), 0)
        assert.strictEqual(of(1, 6 * MiB - 2), 0)
        assert.isAtLeast(of(20 * MiB, 40 * MiB), 38 * MiB)
      })
  )

  it.scopedLive("SH-24 no call reaches outside of its view", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      const memory = new Uint8Array(64).fill(9)
      const view = memory.subarray(16, 32)
      addon.send(one, new Uint8Array(64), 0, 64, 0, 0)
      for (const [offset, length] of [
        [-1, 1],
        [0, -1],
        [0, 17],
        [17, 0],
        [16, 1],
        [1, 16],
        [0.5, 1],
        [0, Number.NaN],
        [0, Infinity],
        [2 ** 53, 1],
        [1, 2 ** 53],
        [2 ** 32, 0],
        [0, 2 ** 32 + 1],
        [-(2 ** 31), 2 ** 31]
      ] as const) {
        assert.strictEqual(addon.recv(two, view, offset, length, 0, 0), -EINVAL, `${offset} ${length}`)
        assert.strictEqual(addon.send(one, view, offset, length, 0, 0), -EINVAL)
        assert.strictEqual(addon.recvfrom(two, view, offset, length, 0, rawAddress()), -EINVAL)
        assert.strictEqual(addon.sendto(one, view, offset, length, 0, rawAddress(), 0), -EINVAL)
        assert.strictEqual(addon.recvmsg(two, view, offset, length, 0, rawAddress(), new Int32Array(0)), -EINVAL)
      }
      assert.strictEqual(addon.recv(two, view, 0, 16, 0, 0), 16)
      assert.deepStrictEqual(memory, new Uint8Array(64).fill(9).fill(0, 16, 32))
      assert.strictEqual(addon.recv(two, view, 16, 0, 0, 0), 0)
    })
  )

  it.live("SH-24 memory that is detached, shrunk, shared or of another kind harms nobody", () =>
    Effect.map(runs("buffers"), (said) => assert.strictEqual(said, "no harm"))
  )

  it.scopedLive("SH-26 SH-27 pieces are sent and filled in order, from any byte of any piece on", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      const pieces = ["skipped", "xhel", "", "lo ", "world"].map((piece) => Buffer.from(piece))
      assert.strictEqual(addon.sendv(one, pieces, 1, 1, 0), 11)
      const into = [5, 0, 1, 4, 9].map((size) => Buffer.alloc(size, "."))
      assert.strictEqual(addon.recvv(two, into, 0, 1), 11)
      assert.deepStrictEqual(into.map(text), [".hell", "", "o", " wor", "ld......."])
      assert.strictEqual(addon.sendv(one, pieces, 5, 0, 0), 0)
      assert.strictEqual(addon.sendv(one, [], 0, 0, 0), 0)
      assert.strictEqual(addon.sendv(one, pieces, 1, 4, 0), 8)
      for (const [first, offset] of [
        [6, 0],
        [-1, 0],
        [0, 8],
        [0, -1],
        [0.5, 0]
      ] as const) {
        assert.strictEqual(addon.sendv(one, pieces, first, offset, 0), -EINVAL)
        assert.strictEqual(addon.recvv(two, pieces, first, offset), -EINVAL)
      }
    })
  )

  it.scopedLive("SH-27 more pieces than the system takes at once are taken in part", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      const pieces = Array.from({ length: 3000 }, (_, at) => Uint8Array.of(at % 251, at % 7))
      let first = 0
      while (first < pieces.length) {
        const sent = addon.sendv(one, pieces, first, 0, 0)
        assert.isAbove(sent, 0)
        assert.isAtMost(sent, 2048)
        assert.strictEqual(sent % 2, 0)
        first += sent / 2
      }
      const into = new Uint8Array(6000)
      let count = 0
      while (count < 6000) count += addon.recv(two, into, count, 6000 - count, 0, 0)
      assert.deepStrictEqual(into, Uint8Array.from(pieces.flatMap((piece) => [...piece])))
    })
  )

  it.scopedLive("SH-22 flags are the system's, but none may use memory after the call", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      const into = new Uint8Array(4)
      addon.send(one, Uint8Array.of(1, 2, 3), 0, 3, 0, 0)
      assert.strictEqual(addon.recv(two, into, 0, 2, known(MSG["PEEK"]), 0), 2)
      assert.strictEqual(addon.recv(two, into, 0, 4, 0, 0), 3)
      // Waiting for all would block the thread; MSG_DONTWAIT goes before it.
      addon.send(one, Uint8Array.of(1), 0, 1, 0, 0)
      assert.strictEqual(addon.recv(two, into, 0, 4, known(MSG["WAITALL"]), 0), 1)
      const zeroCopy = 0x4000000
      assert.strictEqual(addon.send(one, into, 0, 4, zeroCopy, 0), -EOPNOTSUPP)
    })
  )

  it.scopedLive("SH-22 spinning is bounded, and gives what comes", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      const into = new Uint8Array(4)
      assert.strictEqual(addon.recv(two, into, 0, 4, 0, 200), -EAGAIN)
      addon.send(one, into, 0, 4, 0, 0)
      assert.strictEqual(addon.recv(two, into, 0, 4, 0, 200), 4)
      for (const micros of [-3, 0.5, 1_000_001, Infinity]) {
        assert.strictEqual(addon.recv(two, into, 0, 4, 0, micros), -EINVAL)
        assert.strictEqual(addon.send(one, into, 0, 4, 0, micros), -EINVAL)
      }
      const much = new Uint8Array(65_536)
      while (addon.send(one, much, 0, much.length, 0, 0) > 0);
      assert.strictEqual(addon.send(one, into, 0, 4, 0, 200), -EAGAIN)
      while (addon.recv(two, much, 0, much.length, 0, 0) > 0);
      assert.strictEqual(addon.send(one, into, 0, 4, 0, 200), 4)
    })
  )

  it.scopedLive("SH-22 who spins for an answer gets what comes, whether an answer has been late before or not", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      const into = new Uint8Array(4)
      const ask = () => {
        addon.send(one, into, 0, 4, 0, 0)
        return addon.recv(one, into, 0, 4, 0, 1)
      }
      for (let question = 0; question < 40; question++) {
        // None comes to the first, which is late then; the others are more than that is believed for.
        const isAnswered = question % 20 !== 0
        if (isAnswered) addon.send(two, into, 0, 3, 0, 0)
        assert.strictEqual(ask(), isAnswered ? 3 : -EAGAIN)
      }
      assert.strictEqual(addon.recv(one, into, 0, 4, 0, 1), -EAGAIN)
      assert.strictEqual(addon.sendv(one, [into, into], 0, 0, 0), 8)
      addon.send(two, into, 0, 2, 0, 0)
      assert.strictEqual(addon.recv(one, into, 0, 4, 0, 1), 2)
    })
  )

  it.scopedLive("SH-22 who gives way gets what is there, and else is not kept waiting", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      const into = new Uint8Array(4)
      assert.strictEqual(addon.recv(two, into, 0, 4, 0, giveWay), -EAGAIN)
      assert.strictEqual(addon.send(one, into, 0, 4, 0, giveWay), 4)
      assert.strictEqual(addon.recv(two, into, 0, 4, 0, giveWay), 4)
      addon.close(one)
      assert.strictEqual(addon.recv(two, into, 0, 4, 0, giveWay), 0)
      assert.strictEqual(addon.send(two, into, 0, 4, 0, giveWay), -EPIPE)
    })
  )

  it.scopedLive("SH-25 SH-29 a datagram says where it came from", () =>
    Effect.gen(function* () {
      const one = yield* socket(AF["INET"], SOCK["DGRAM"])
      const two = yield* socket(AF["INET"], SOCK["DGRAM"])
      const any = rawAddress()
      const length = addon.encodeInet(known(AF["INET"]), "127.0.0.1", 0, any)
      for (const handle of [one, two]) assert.strictEqual(addon.bind(handle, any, length), 0)
      const [from, to] = [rawAddress(), rawAddress()]
      assert.strictEqual(addon.getsockname(two, to), length)
      assert.strictEqual(addon.getsockname(one, from), length)
      assert.strictEqual(addon.sendto(one, Buffer.from("hello"), 0, 5, 0, to, length), 5)
      const [sender, into] = [rawAddress(), new Uint8Array(16)]
      assert.strictEqual(addon.recvfrom(two, into, 0, 16, 0, sender), 5)
      assert.strictEqual(addon.results[0], length)
      assert.deepStrictEqual(addon.decode(sender, length), addon.decode(from, length))
      // The datagram goes, though only a part of it was asked for: MSG_TRUNC tells its length.
      addon.sendto(one, Buffer.from("hello"), 0, 5, 0, to, length)
      assert.strictEqual(addon.recvfrom(two, into, 0, 2, known(MSG["TRUNC"]), sender), 5)
      assert.strictEqual(addon.recvfrom(two, into, 0, 2, 0, sender), -EAGAIN)
      assert.strictEqual(addon.recvfrom(two, into, 0, 2, 0, new Uint8Array(16)), -EINVAL)
    })
  )

  it.scopedLive("SH-27 any pieces, cut anywhere, arrive as they were", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      const pieces = FastCheck.array(FastCheck.uint8Array({ maxLength: 40 }), { maxLength: 30 })
      FastCheck.assert(
        FastCheck.property(pieces, FastCheck.nat(1000), FastCheck.nat(1000), (sent, which, cut) => {
          const first = sent.length === 0 ? 0 : which % sent.length
          const offset = cut % ((sent[first]?.length ?? 0) + 1)
          const whole = Buffer.concat(sent.slice(first)).subarray(offset)
          assert.strictEqual(addon.sendv(one, sent, first, offset, 0), whole.length)
          const into = sent.map((piece) => new Uint8Array(piece.length))
          if (whole.length > 0) assert.strictEqual(addon.recvv(two, into, first, offset), whole.length)
          assert.deepStrictEqual(Buffer.concat(into.slice(first)).subarray(offset), whole)
        })
      )
    })
  )
})
