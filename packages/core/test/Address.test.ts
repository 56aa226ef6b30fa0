import { Address, DuctError } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit, FastCheck, Schema } from "effect"

const parsed = (text: string) => Exit.getOrElse(Address.fromString(text), (cause) => cause)

const texts: ReadonlyArray<readonly [string, Address.Address]> = [
  ["unix:/run/app.sock", Address.UnixAddress("/run/app.sock")],
  ["unix:relative path", Address.UnixAddress("relative path")],
  ["unix:@abstract", Address.UnixAddress("\0abstract")],
  ["unix:", Address.UnixAddress("")],
  ["unix:/with:colon@and/at", Address.UnixAddress("/with:colon@and/at")],
  ["tcp://127.0.0.1:7000", Address.TcpAddress("127.0.0.1", 7000)],
  ["tcp://[::1]:0", Address.TcpAddress("::1", 0)],
  ["tcp://[fe80::1%eth0]:65535", Address.TcpAddress("fe80::1%eth0", 65535)],
  ["tcp://example.org:80", Address.TcpAddress("example.org", 80)],
  ["fd:0", Address.FdAddress(0)],
  ["fd:3", Address.FdAddress(3)],
  ["memory:name", Address.MemoryAddress("name")],
  ["memory:with spaces: and colons", Address.MemoryAddress("with spaces: and colons")]
]

const bad = [
  "",
  "/run/app.sock",
  "unix",
  "UNIX:/run/app.sock",
  "unix:/run/\0app",
  "tcp:127.0.0.1:7000",
  "tcp://",
  "tcp://127.0.0.1",
  "tcp://127.0.0.1:",
  "tcp://127.0.0.1:65536",
  "tcp://127.0.0.1:-1",
  "tcp://127.0.0.1:1e3",
  "tcp://127.0.0.1:0x50",
  "tcp://127.0.0.1: 80",
  "tcp://127.0.0.1:80/path",
  "tcp://::1:80",
  "tcp://[::1]",
  "tcp://[]:80",
  "tcp://:80",
  "fd:",
  "fd:-1",
  "fd:3.5",
  "fd:99999999999",
  "memory:",
  "http://example.org:80"
]

const name = FastCheck.string({ minLength: 1 }).filter((text) => !text.includes("\0"))
const address = FastCheck.oneof(
  FastCheck.oneof(name, FastCheck.constant(""))
    .filter((path) => !path.startsWith("@"))
    .map(Address.UnixAddress),
  name.map((rest) => Address.UnixAddress(`\0${rest}`)),
  FastCheck.tuple(
    FastCheck.oneof(FastCheck.ipV4(), FastCheck.ipV6(), FastCheck.domain()),
    FastCheck.integer({ min: 0, max: 65535 })
  ).map(([hostname, port]) => Address.TcpAddress(hostname, port)),
  FastCheck.integer({ min: 0, max: 0x7fffffff }).map(Address.FdAddress),
  FastCheck.string({ minLength: 1 }).map(Address.MemoryAddress)
)

describe("Address", () => {
  for (const [text, expected] of texts) {
    it(`${text} is read and written`, () => {
      assert.deepStrictEqual(parsed(text), expected)
      assert.strictEqual(Address.format(expected), text)
    })
  }

  it.prop("every address comes back from its text form", [address], ([address]) => {
    assert.deepStrictEqual(parsed(Address.format(address)), address)
    assert.isTrue(Address.isAddress(address))
  })

  it("a path that begins with @ is not taken for an abstract name", () => {
    assert.strictEqual(Address.format(Address.UnixAddress("@file")), "unix:./@file")
  })

  for (const text of bad) {
    it(`${JSON.stringify(text)} fails with InvalidAddress`, () => {
      const error = Effect.runSync(Effect.flip(Address.fromString(text)))
      assert.instanceOf(error, DuctError.InvalidAddress)
      assert.strictEqual(error.address, text)
      assert.match(error.message, /is not a usable address: .{10}/)
    })
  }

  it.prop("any text gives an address or InvalidAddress, and never throws", [FastCheck.string()], ([text]) => {
    for (const full of [text, `unix:${text}`, `tcp://${text}`, `fd:${text}`, `memory:${text}`]) {
      const exit = Address.fromString(full)
      if (Exit.isSuccess(exit)) assert.deepStrictEqual(parsed(Address.format(exit.value)), exit.value)
      else assert.strictEqual(exit.cause._tag, "Fail")
    }
  })

  it("is a Schema of its text form", () => {
    const decode = Schema.decodeUnknownSync(Address.FromString)
    assert.deepStrictEqual(decode("fd:3"), Address.FdAddress(3))
    assert.strictEqual(Schema.encodeSync(Address.FromString)(Address.TcpAddress("::1", 80)), "tcp://[::1]:80")
    assert.throws(() => decode("fd:three"), /must be a decimal number/)
    assert.throws(() => decode(3))
  })

  it.effect("is read from Config", () =>
    Effect.gen(function* () {
      const config = Schema.Config("WHERE", Address.FromString)
      const where = (text: string) =>
        Effect.withConfigProvider(config, ConfigProvider.fromMap(new Map([["WHERE", text]])))
      assert.deepStrictEqual(yield* where("unix:/run/app.sock"), Address.UnixAddress("/run/app.sock"))
      assert.include(JSON.stringify(yield* Effect.flip(where("nowhere"))), "expected unix:<path>")
    })
  )

  it("isAddress knows what is none", () => {
    const wrong = [
      undefined,
      null,
      "fd:3",
      {},
      { _tag: "Fd" },
      { _tag: "UnixAddress" },
      { _tag: "TcpAddress", hostname: "localhost" },
      { _tag: "TcpAddress", port: 80 },
      { _tag: "FdAddress", fd: "3" },
      { _tag: "MemoryAddress", name: 1 }
    ]
    for (const value of wrong) assert.isFalse(Address.isAddress(value))
  })
})
