import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import {
  addon,
  AF,
  descriptors,
  EBADF,
  EBUSY,
  EINVAL,
  ENOTSOCK,
  EPERM,
  isOpen,
  known,
  MSG,
  owned,
  pair,
  runs,
  runsIn,
  SHUT,
  SOCK,
  socket,
  temporaryDirectory
} from "./support/addon.js"

const nothing = new Uint8Array(1)

/** A descriptor that no handle owns. */
const foreign = Effect.acquireRelease(
  Effect.sync(() => fs.openSync("/dev/null", "r")),
  (fd) => Effect.sync(() => isOpen(fd) && fs.closeSync(fd))
)

describe("the life of handles (native)", () => {
  it.scopedLive("SH-5 a closed handle is none, and its descriptor is gone", () =>
    Effect.gen(function* () {
      const before = addon.live()
      const handle = yield* socket(AF["INET"], SOCK["STREAM"])
      const fd = addon.fileno(handle)
      assert.isTrue(fs.fstatSync(fd).isSocket())
      assert.strictEqual(addon.live(), before + 1)
      assert.strictEqual(addon.close(handle), 0)
      assert.isFalse(isOpen(fd))
      assert.strictEqual(addon.live(), before)
      for (const result of [
        addon.close(handle),
        addon.fileno(handle),
        addon.dup(handle),
        addon.wait(handle, 1),
        addon.recv(handle, nothing, 0, 1, 0, 0),
        addon.send(handle, nothing, 0, 1, 0, 0),
        addon.shutdown(handle, known(SHUT["RDWR"]))
      ]) {
        assert.strictEqual(result, -EBADF)
      }
    })
  )

  it.scopedLive("SH-5 M-19 a stale handle is not the new one that has its place", () =>
    Effect.gen(function* () {
      const stale = yield* socket(AF["UNIX"], SOCK["STREAM"])
      addon.close(stale)
      // More than are made before places are used again.
      for (let made = 0; made < 3000; made += 1) {
        const handle = addon.socket(known(AF["UNIX"]), known(SOCK["STREAM"]), 0)
        assert.isAbove(handle, 0)
        assert.notStrictEqual(handle, stale)
        assert.strictEqual(addon.fileno(stale), -EBADF)
        addon.close(handle)
      }
    })
  )

  it.scopedLive("SH-14 a dup is another descriptor of the same socket", () =>
    Effect.gen(function* () {
      const [one, two] = yield* pair()
      const copy = yield* owned(addon.dup(one))
      assert.notStrictEqual(addon.fileno(copy), addon.fileno(one))
      addon.close(one)
      assert.strictEqual(addon.send(copy, Uint8Array.of(7), 0, 1, 0, 0), 1)
      const into = new Uint8Array(4)
      assert.strictEqual(addon.recv(two, into, 0, 4, 0, 0), 1)
      assert.strictEqual(into[0], 7)
    })
  )

  it.scopedLive("SH-33 M-19 a descriptor has at most one handle in the whole process, and is closed once", () =>
    Effect.gen(function* () {
      const [one] = yield* pair()
      const fd = addon.fileno(one)
      assert.strictEqual(addon.adopt(fd), -EBUSY)
      assert.strictEqual(addon.closeFd(fd), -EBUSY)
      assert.isTrue(isOpen(fd))
      assert.strictEqual(yield* runs("ownership"), "EBUSY in a worker, then free")
    })
  )

  it.scopedLive(
    "SH-33 M-19 closing a descriptor behind a handle's back does not make the handle close a stranger",
    () =>
      Effect.gen(function* () {
        const robbed = yield* socket(AF["UNIX"], SOCK["STREAM"])
        const fd = addon.fileno(robbed)
        fs.closeSync(fd)
        // The system gives out the lowest number that is free.
        const heir = yield* socket(AF["UNIX"], SOCK["STREAM"])
        assert.strictEqual(addon.fileno(heir), fd)
        assert.strictEqual(addon.close(robbed), 0)
        assert.isTrue(isOpen(fd))
        assert.strictEqual(addon.adopt(fd), -EBUSY)
      })
  )

  it.scopedLive("SH-33 what cannot be polled is refused, and stays its owner's", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = path.join(directory, "file")
      const fd = fs.openSync(file, "w")
      assert.strictEqual(addon.adopt(fd), -EPERM)
      assert.isTrue(isOpen(fd))
      fs.closeSync(fd)
      assert.strictEqual(addon.adopt(fd), -EBADF)
      assert.strictEqual(addon.adopt(-1), -EBADF)
      assert.strictEqual(addon.adopt(2 ** 30), -EBADF)
      assert.strictEqual(addon.adopt(0.5), -EINVAL)
    })
  )

  it.scopedLive("SH-33 pipes are read and written like sockets, and know no flags", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* runs("pipes"), "pipes read, write, wait and break")
    })
  )

  it.scopedLive("SH-33 a descriptor that no handle owns can be closed, once", () =>
    Effect.gen(function* () {
      const fd = yield* foreign
      assert.strictEqual(addon.closeFd(fd), 0)
      assert.isFalse(isOpen(fd))
      assert.strictEqual(addon.closeFd(fd), -EBADF)
      assert.strictEqual(addon.closeFd(-1), -EBADF)
      assert.strictEqual(addon.closeFd(Number.NaN), -EINVAL)
    })
  )

  it.scopedLive("SH-4 descriptors are not inherited, and do not block", () =>
    Effect.gen(function* () {
      const [one] = yield* pair()
      const copy = yield* owned(addon.dup(one))
      for (const handle of [one, copy]) {
        const info = fs.readFileSync(`/proc/self/fdinfo/${addon.fileno(handle)}`, "utf8")
        const flags = Number.parseInt(/flags:\s*(\d+)/.exec(info)?.[1] ?? "", 8)
        assert.isTrue((flags & 0o2000000) !== 0, "O_CLOEXEC")
        assert.isTrue((flags & fs.constants.O_NONBLOCK) !== 0, "O_NONBLOCK")
      }
    })
  )

  it("SH-4 unknown kinds of sockets are the system's error", () => {
    assert.isBelow(addon.socket(9999, known(SOCK["STREAM"]), 0), 0)
    assert.isBelow(addon.socket(known(AF["INET"]), 9999, 0), 0)
    assert.strictEqual(addon.socket(Number.NaN, 1, 0), -EINVAL)
    assert.strictEqual(addon.socketpair(known(AF["UNIX"]), known(SOCK["STREAM"]), 0, new Int32Array(1)), -EINVAL)
  })

  it.scopedLive("SH-33 calls for sockets say so of a pipe", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const fifo = path.join(directory, "fifo")
      execFileSync("mkfifo", [fifo])
      const handle = yield* owned(addon.adopt(fs.openSync(fifo, fs.constants.O_RDWR)))
      assert.strictEqual(addon.listen(handle, 1), -ENOTSOCK)
      assert.strictEqual(addon.sendmmsg(handle, [nothing], 0, nothing, 0), -ENOTSOCK)
      assert.strictEqual(addon.recv(handle, nothing, 0, 1, known(MSG["PEEK"]), 0), -ENOTSOCK)
    })
  )

  it.live("SH-5 ten thousand sockets leave no descriptor and no handle, with and without having waited", () =>
    Effect.map(runs("cycles"), (said) => assert.strictEqual(said, "nothing left"))
  )

  it.live("SH-4 M-4 out of descriptors, calls fail and leave nothing, and go on when there are some", () =>
    Effect.map(runsIn('ulimit -n 40; exec "$@"', "exhaustion"), (said) => assert.strictEqual(said, "recovered"))
  )

  it("SH-5 any order of making, copying and closing ends with nothing open", () => {
    const step = FastCheck.tuple(FastCheck.constantFrom("open", "pair", "dup", "close", "wait"), FastCheck.nat(1000))
    FastCheck.assert(
      FastCheck.property(FastCheck.array(step, { maxLength: 60 }), (steps) => {
        const before = [addon.live(), descriptors()]
        const open: Array<number> = []
        const out = new Int32Array(2)
        for (const [what, which] of steps) {
          const at = open.length === 0 ? 0 : which % open.length
          const handle = open[at] ?? 0
          if (what === "open") open.push(addon.socket(known(AF["UNIX"]), known(SOCK["STREAM"]), 0))
          else if (what === "pair") {
            addon.socketpair(known(AF["UNIX"]), known(SOCK["STREAM"]), 0, out)
            open.push(...out)
          } else if (handle === 0) continue
          else if (what === "dup") open.push(addon.dup(handle))
          else if (what === "wait") assert.strictEqual(addon.wait(handle, which % 4), 0)
          else {
            assert.strictEqual(addon.close(handle), 0)
            open.splice(at, 1)
          }
        }
        assert.strictEqual(new Set(open).size, open.length)
        assert.strictEqual(addon.live(), (before[0] ?? 0) + open.length)
        for (const handle of open) assert.strictEqual(addon.close(handle), 0)
        assert.deepStrictEqual([addon.live(), descriptors()], before)
      }),
      { numRuns: 50 }
    )
  })
})
