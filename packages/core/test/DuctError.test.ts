import { DuctError } from "@ductworks/core"
import * as MessageError from "@ductworks/message/MessageError"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FastCheck, Schema } from "effect"

const {
  AlreadyConnected,
  BindFailed,
  ChildExited,
  CommunicationFault,
  ConnectFailed,
  DuctBusy,
  DuctClosed,
  DuctTimeout,
  InvalidAddress,
  InvalidArgument,
  LocalSocketFault,
  MessageTruncated,
  NotConnected,
  RemoteDuctClosed,
  RemoteDuctReset,
  Unsupported,
  isDuctError,
  isEndOfFile,
  quoteText
} = DuctError

const cause = new Error("underneath")

/** One of each, and words that its message must have. */
const samples: ReadonlyArray<readonly [DuctError.DuctError, ReadonlyArray<string>]> = [
  [new NotConnected({ operation: "send" }), ["send", "not connected", "bind", "connect"]],
  [new AlreadyConnected({ operation: "bind" }), ["bind", "already connected", "close"]],
  [
    new BindFailed({ reason: "AddressInUse", address: "unix:/run/a", code: "EADDRINUSE", cause }),
    ['"unix:/run/a"', "AddressInUse", "(EADDRINUSE)"]
  ],
  [
    new ConnectFailed({ reason: "Refused", address: "tcp://[::1]:9", code: "ECONNREFUSED", cause }),
    ['"tcp://[::1]:9"', "Refused", "(ECONNREFUSED)"]
  ],
  [new RemoteDuctClosed({ code: "EPIPE", cause }), ["other end", "closed", "(EPIPE)"]],
  [new MessageTruncated({ expected: 10, received: 4 }), ["4 of 10 bytes"]],
  [new RemoteDuctReset({ code: "ECONNRESET" }), ["other end", "reset", "(ECONNRESET)"]],
  [new DuctClosed({ operation: "recv" }), ["recv", "this end", "closed"]],
  [new DuctBusy({ operation: "recv" }), ["recv", "another fiber"]],
  [new DuctTimeout({ operation: "recv", timeout: Duration.seconds(30) }), ["recv", "30s"]],
  [new LocalSocketFault({ operation: "recv", code: "EBADF" }), ["recv", "local socket", "(EBADF)"]],
  [new CommunicationFault({ code: "EMFILE" }), ["listening socket", "(EMFILE)"]],
  [new ChildExited({ pid: 7, exitCode: 3 }), ["7", "code 3"]],
  [new ChildExited({ pid: 7, signal: "SIGKILL" }), ["7", "SIGKILL"]],
  [new InvalidAddress({ address: "x\u202ey", problem: "too long" }), ['"x\\u202ey"', "too long"]],
  [new InvalidArgument({ operation: "recv", problem: "maxBytes must be positive" }), ["recv", "maxBytes"]],
  [new Unsupported({ operation: "fileno", problem: "no descriptor" }), ["fileno", "no descriptor"]]
]

describe("DuctError", () => {
  for (const [error, words] of samples) {
    it(`DW-22 DW-23 ${error._tag} is a tagged Error, a DuctError and an Effect, with a message to act on`, () => {
      assert.instanceOf(error, Error)
      assert.isTrue(isDuctError(error))
      assert.strictEqual(error.name, error._tag)
      for (const word of words) assert.include(error.message, word)
      assert.notMatch(error.message, /undefined|\[object/)
      const failing: Effect.Effect<never, DuctError.DuctError> = error
      assert.strictEqual(Effect.runSync(Effect.flip(failing)), error)
    })
  }

  it("DW-22 isDuctError is true of the errors of messages too, and of nothing else", () => {
    assert.isTrue(isDuctError(new MessageError.MessageProtocolError({ expected: 0x54, received: 0 })))
    assert.isTrue(isDuctError(new MessageError.SerializeError({ serializer: "json", problem: "a function" })))
    for (const value of [undefined, null, 0, "RemoteDuctClosed", cause, { _tag: "RemoteDuctClosed" }]) {
      assert.isFalse(isDuctError(value))
    }
  })

  it("DW-24 a protocol error shows both bytes in hex", () => {
    const { message } = new MessageError.MessageProtocolError({ expected: 0x54, received: 0x0a })
    assert.include(message, "0x54")
    assert.include(message, "0x0a")
  })

  it("DW-25 isEndOfFile is true of exactly RemoteDuctClosed, MessageTruncated and RemoteDuctReset", () => {
    const ends = samples.filter(([error]) => isEndOfFile(error)).map(([error]) => error._tag)
    assert.deepStrictEqual(ends, ["RemoteDuctClosed", "MessageTruncated", "RemoteDuctReset"])
    assert.isFalse(isEndOfFile({ _tag: "RemoteDuctClosed" }))
    assert.isFalse(isEndOfFile(undefined))
  })

  it("DW-23 catchTag tells them apart, and the cause is kept", () => {
    const fail: Effect.Effect<never, DuctError.RemoteDuctClosed | DuctError.DuctTimeout> = new RemoteDuctClosed({
      cause
    })
    const caught = fail.pipe(
      Effect.catchTag("DuctTimeout", () => Effect.succeed("timeout")),
      Effect.catchTag("RemoteDuctClosed", (error) => Effect.succeed(error.cause))
    )
    assert.strictEqual(Effect.runSync(caught), cause)
  })

  it("DW-23 what is said of a descriptor speaks of no path and of no parent", () => {
    for (const reason of ["NotASocket", "NotFound", "AddressInUse"] as const) {
      const { message } = new ConnectFailed({ reason, address: "fd:9" })
      assert.include(message, `"fd:9": ${reason}; `)
      assert.notMatch(message, /path|parent/)
    }
  })

  it("DW-23 an error survives being encoded and decoded", () => {
    const error = new BindFailed({ reason: "AddressInUse", address: "fd:3", code: "EADDRINUSE" })
    const encoded: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(BindFailed)(error)))
    const decoded = Schema.decodeUnknownSync(BindFailed)(encoded)
    assert.instanceOf(decoded, BindFailed)
    assert.strictEqual(decoded.message, error.message)
  })
})

describe("quoteText", () => {
  it("escapes control, bidirectional and invisible characters", () => {
    assert.strictEqual(quoteText("a\nb\u0000\u001b[31m\u007f\u0085"), '"a\\u000ab\\u0000\\u001b[31m\\u007f\\u0085"')
    for (const code of [
      0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff, 0xd800, 0xdc00
    ]) {
      assert.strictEqual(quoteText(String.fromCharCode(code)), `"\\u${code.toString(16).padStart(4, "0")}"`)
    }
    assert.strictEqual(quoteText("żółw 漢字 🐢"), '"żółw 漢字 🐢"')
  })

  it("shows at most 128 characters, and how many there were", () => {
    assert.strictEqual(quoteText("x".repeat(128)), `"${"x".repeat(128)}"`)
    assert.strictEqual(quoteText("x".repeat(129)), `"${"x".repeat(128)}"… (129 characters)`)
    assert.notMatch(quoteText(`${"x".repeat(127)}🐢`), /\p{Surrogate}/u)
  })

  it.prop("never lets anything unsafe through, and stays short", [FastCheck.string({ unit: "binary" })], ([text]) => {
    const quoted = quoteText(text)
    assert.notMatch(quoted, /[\p{Cc}\p{Bidi_Control}\p{Surrogate}\u2028\u2029]/u)
    assert.isAtMost(quoted.length, 128 * 6 + 40)
  })
})
