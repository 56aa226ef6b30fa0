import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { loadFrom } from "../src/internal/load.js"
import { linuxConstants } from "../src/internal/linuxConstants.js"
import * as SocketConstants from "../src/SocketConstants.js"
import { addon, temporaryDirectory } from "./support/addon.js"

/** What the system's own headers say, where Python was compiled with the same. */
const python = (names: ReadonlyArray<string>): Record<string, number> => {
  const script = "import socket, sys; print(*[int(getattr(socket, name, -1)) for name in sys.argv[1:]])"
  const numbers = execFileSync("python3", ["-c", script, ...names], { encoding: "utf8" })
    .trim()
    .split(" ")
  return Object.fromEntries(names.map((name, at) => [name, Number(numbers[at])]))
}

describe("constants (native)", () => {
  it("SH-35 AF and PF are the same; domains, types, ways of shutting down and levels are the system's", () => {
    assert.strictEqual(SocketConstants.PF, SocketConstants.AF)
    const { AF, SHUT, SOCK, SOL } = SocketConstants
    assert.deepStrictEqual(
      python(["AF_INET", "AF_INET6", "AF_UNIX", "SOCK_STREAM", "SOCK_DGRAM", "SOL_SOCKET", "SHUT_RDWR"]),
      {
        ...{ AF_INET: AF.INET, AF_INET6: AF.INET6, AF_UNIX: AF.UNIX, SOCK_STREAM: SOCK.STREAM },
        ...{ SOCK_DGRAM: SOCK.DGRAM, SOL_SOCKET: SOL.SOCKET, SHUT_RDWR: SHUT.RDWR }
      }
    )
    assert.deepStrictEqual([SHUT.RD, SHUT.WR, SHUT.RDWR], [0, 1, 2])
  })

  it("SH-36 options of sockets are the system's", () => {
    const { SO } = SocketConstants
    const names = [
      "DEBUG",
      "REUSEADDR",
      "KEEPALIVE",
      "DONTROUTE",
      "LINGER",
      "BROADCAST",
      "OOBINLINE",
      "SNDBUF"
    ] as const
    const others = ["RCVBUF", "SNDLOWAT", "RCVLOWAT", "SNDTIMEO", "RCVTIMEO", "TYPE", "ERROR", "REUSEPORT"] as const
    const all = [...names, ...others]
    assert.deepStrictEqual(
      python(all.map((name) => `SO_${name}`)),
      Object.fromEntries(all.map((name) => [`SO_${name}`, SO[name]]))
    )
  })

  it("SH-35 M-11 what stands in for the headers says the same as the headers, on Linux", () => {
    if (process.platform !== "linux") return
    assert.deepStrictEqual(addon.constants, linuxConstants)
  })

  it("SH-35 what this system lacks is -1", () => {
    assert.strictEqual(SocketConstants.SO.NOSIGPIPE >= 0, process.platform === "darwin")
    assert.strictEqual(SocketConstants.SO.PEERCRED >= 0, process.platform === "linux")
  })
})

describe("loading (native)", () => {
  it.scopedLive("SH-39 without a binary there is a typed error that says what to do", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const failure = Either.flip(loadFrom(directory)).pipe(Either.getOrThrow)
      assert.strictEqual(failure._tag, "Unsupported")
      assert.include(failure.message, `${process.platform}-${process.arch}`)
      assert.include(failure.message, "node scripts/setup.mjs")
      assert.include(failure.message, "PortableSockets.layer")
    })
  )

  it.scopedLive("SH-39 a binary that does not load is a typed error, too", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const release = path.join(directory, "build", "Release")
      fs.mkdirSync(release, { recursive: true })
      fs.writeFileSync(path.join(release, "broken.node"), "no binary at all")
      const failure = Either.flip(loadFrom(directory)).pipe(Either.getOrThrow)
      assert.strictEqual(failure._tag, "Unsupported")
      assert.include(failure.message, process.version)
      assert.include(failure.message, "PortableSockets.layer")
    })
  )
})
