import { RawDuct } from "@ductworks/core"
import { Framing, MessageDuct, Serializer } from "@ductworks/message"
import type { DeserializeError, RecvError } from "@ductworks/message/MessageError"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck, ParseResult, Schema } from "effect"
import { utf8 } from "./support/formats.js"
import { cut, frame } from "./support/frames.js"
import { collect } from "./support/memory.js"

const memory = Effect.provide(MemoryTransport.layer)

const Point = Schema.Struct({ x: Schema.NumberFromString, label: Schema.optional(Schema.String) })

/** Odd numbers take a step, and are refused from 100 on. */
const Slow = Schema.transformOrFail(Schema.Number, Schema.Number, {
  strict: true,
  decode: (n, _, ast) =>
    n % 2 === 0
      ? ParseResult.succeed(n)
      : Effect.zipRight(
          Effect.yieldNow(),
          n < 100 ? ParseResult.succeed(n) : ParseResult.fail(new ParseResult.Type(ast, n))
        ),
  encode: (n) => ParseResult.succeed(n)
})

const formats: Record<string, Serializer.Serializer<never, unknown>> = {
  json: Serializer.json(),
  "a Schema": Serializer.jsonSchema(Point),
  "a Schema with Effects": Serializer.jsonSchema(Slow)
}

const good = FastCheck.oneof(
  FastCheck.jsonValue().map((value) => JSON.stringify(value)),
  FastCheck.integer({ min: 0, max: 200 }).map(String),
  FastCheck.record({ x: FastCheck.integer().map(String), label: FastCheck.string() }).map((point) =>
    JSON.stringify(point)
  )
)

/** Each is a bad text, or one that could be taken for more, or fewer, than one message next to others. */
const tricky = FastCheck.constantFrom(
  ...["", " ", ",", "1,2", "[1", "2]", "]", "[", "],[", '"', '"a', 'a"', "{", "}", '{"a":1', '"b":2}', "1]", "[2"],
  ...['"\u007f"', '3,"\u007f",4', '"\\u007f"', '3,"\\u007f",4', '3,"\\u007F",4', ',"\u007f",', "\u007f", '"\\', "\\"],
  ...['{"__proto__":1}', '{"\\u005f_proto__":1}', '"__proto__"', '"\\u005f"', "NaN", "-", "1 2", "\ufeff1", '"é€😀"'],
  ...['{"x":"7"}', '{"x":7}', '{"x":"no"}', " 5 ", "\t[ ]\n"]
)

const bad = FastCheck.constantFrom(
  ...[[0x22, 0xff, 0x22], [0xc3], [0x22, 0xc3], [0xa9, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]].map((bytes) =>
    Uint8Array.from(bytes)
  )
)

const mostlyGood = FastCheck.array(
  FastCheck.oneof(
    { weight: 30, arbitrary: good.map(utf8) },
    { weight: 1, arbitrary: tricky.map(utf8) },
    { weight: 1, arbitrary: bad }
  ),
  { minLength: 1, maxLength: 60 }
)

const anything = FastCheck.array(FastCheck.oneof(good.map(utf8), tricky.map(utf8), bad), {
  minLength: 1,
  maxLength: 30
})

type Outcome = Either.Either<unknown, readonly [problem: string, size: number]>

const outcomeOf = (error: DeserializeError): Outcome => Either.left([error.problem, error.size])

/** What the serializer makes of each payload by itself. */
const alone = (serializer: Serializer.Serializer<never, unknown>, payloads: ReadonlyArray<Uint8Array>) =>
  Effect.forEach(payloads, (payload) =>
    Effect.match(serializer.decode(payload), { onSuccess: Either.right, onFailure: outcomeOf })
  )

/** What a duct makes of the chunks, receiving in that way. */
const received = (
  options: MessageDuct.Format<never, unknown, never> & MessageDuct.Settings,
  chunks: ReadonlyArray<Uint8Array>,
  way: "recv" | "recvAll" | "mixed" | "polled"
) =>
  Effect.gen(function* () {
    const [left, right] = yield* RawDuct.pair()
    const duct = yield* MessageDuct.fromRaw(right, options)
    yield* Effect.forEach(chunks, (chunk) => left.sendAll(chunk))
    yield* left.endWrite
    const outcomes: Array<Outcome> = []
    const one = Effect.map(duct.recv, (message): ReadonlyArray<unknown> => [message])
    for (let turn = 0; ; turn++) {
      if (way === "polled") yield* duct.poll(0)
      const isOne = way === "recv" || (way !== "recvAll" && turn % 3 < 2)
      const next: Either.Either<ReadonlyArray<unknown>, RecvError> = yield* Effect.either(isOne ? one : duct.recvAll)
      if (Either.isRight(next)) outcomes.push(...next.right.map((message) => Either.right(message)))
      else if (next.left._tag === "DeserializeError") outcomes.push(outcomeOf(next.left))
      else return { outcomes, end: next.left._tag }
    }
  }).pipe(Effect.scoped, memory)

/** A few bytes would not be taken for a run. */
const enough = utf8(JSON.stringify("x".repeat(300)))

const ways = ["recv", "recvAll", "mixed", "polled"] as const

const framings = [Framing.ductworks, Framing.lengthPrefix32, wide()]

/** Another's framing, with a trailer, whose decoder copies runs as the ductworks' does: 8 bytes, a payload, 3 bytes. */
function wide(): Framing.Framing {
  const [headerBytes, trailerBytes] = [8, 3]
  return {
    name: "wide",
    headerBytes,
    trailerBytes,
    maxPayloadBytes: 1000,
    seal: (target, offset, length) => {
      target.fill(0xff, offset, offset + headerBytes)
      target[offset] = length >>> 8
      target[offset + 1] = length
      target.fill(0xfe, offset + headerBytes + length, offset + headerBytes + length + trailerBytes)
      return undefined
    },
    decoder: () => {
      let held = new Uint8Array(0)
      const sizeAt = (at: number) => {
        const size = at + headerBytes > held.length ? NaN : (held[at] ?? 0) * 256 + (held[at + 1] ?? 0)
        return at + headerBytes + size + trailerBytes <= held.length ? size : undefined
      }
      return {
        push: (chunk) => {
          const both = new Uint8Array(held.length + chunk.length)
          both.set(held)
          both.set(chunk, held.length)
          held = both
        },
        next: () => {
          const size = sizeAt(0)
          if (size === undefined) return undefined
          const payload = held.slice(headerBytes, headerBytes + size)
          held = held.subarray(headerBytes + size + trailerBytes)
          return payload
        },
        partial: () => (held.length === 0 ? undefined : { received: held.length, expected: held.length + 1 }),
        copyFrames: (target) => {
          const sizes: Array<number> = []
          let end = 0
          for (let size = sizeAt(0); size !== undefined; size = sizeAt(end)) {
            if (end + headerBytes + size + trailerBytes > target.length) break
            sizes.push(size)
            end += headerBytes + size + trailerBytes
          }
          target.set(held.subarray(0, end))
          held = held.subarray(end)
          return sizes
        }
      }
    }
  }
}

describe("messages of a run", () => {
  for (const [name, serializer] of Object.entries(formats)) {
    for (const framing of framings) {
      it(`DW-30 ${name}, ${framing.name}: messages and errors are those of each by itself, however they are cut and received`, () =>
        FastCheck.assert(
          FastCheck.asyncProperty(
            FastCheck.oneof(mostlyGood, anything),
            FastCheck.array(FastCheck.nat(3000), { maxLength: 3 }),
            FastCheck.constantFrom(...ways),
            async (some, cuts, way) => {
              const payloads = [enough, ...some]
              const bytes = Buffer.concat(payloads.map((payload) => frame(framing, payload)))
              const { end, outcomes } = await Effect.runPromise(
                received({ serializer, framing }, cut(bytes, cuts), way)
              )
              assert.strictEqual(end, "RemoteDuctClosed")
              assert.deepStrictEqual(outcomes, await Effect.runPromise(alone(serializer, payloads)))
            }
          ),
          { numRuns: 150 }
        ))
    }
  }

  it("DW-30 texts that are good only next to others are bad ones", () =>
    Effect.runPromise(
      Effect.forEach(
        [
          ["[1", "2]"],
          ["[1", "2]", "3,4"],
          ["[1", "2]", "3,4,5"],
          ["[1", "2]", '3,"\u007f",4'],
          ["[1", "2]", '3,"\\u007f",4'],
          ["[1", "2]", '3,"\\u007F",4'],
          ['{"a":[{}', "{}]}", "{},{}"],
          ['"a', 'b"'],
          ['"a', 'b"', '"c","d"'],
          ["1]", "[2"],
          ["", "1,2"],
          ["\ufeff1", "2"]
        ],
        (texts) =>
          Effect.gen(function* () {
            const payloads = [enough, ...texts.map(utf8)]
            const bytes = Buffer.concat(payloads.map((payload) => frame(Framing.ductworks, payload)))
            const serializer = Serializer.json()
            const { outcomes } = yield* received({ serializer }, [bytes], "recvAll")
            assert.deepStrictEqual(outcomes, yield* alone(serializer, payloads))
            assert.isTrue(outcomes.some(Either.isLeft))
          })
      )
    ))

  it.scoped("DW-29 a serializer that is copied with another decode has that alone", () =>
    Effect.gen(function* () {
      const serializer = { ...Serializer.json(), decode: (payload: Uint8Array) => Effect.succeed(payload.length) }
      const bytes = Buffer.concat([enough, utf8("[1"), utf8("[]")].map((payload) => frame(Framing.ductworks, payload)))
      const { outcomes } = yield* received({ serializer }, [bytes], "recvAll")
      assert.deepStrictEqual(outcomes, [302, 2, 2].map(Either.right))
    })
  )

  it.scoped("what decodes a message may receive from another duct", () =>
    Effect.gen(function* () {
      const [left, right] = yield* MessageDuct.pair()
      yield* left.sendAll(Array.from({ length: 500 }, () => "of the other duct, long enough"))
      const Interfering = Schema.transform(Schema.Unknown, Schema.Unknown, {
        decode: (value) => [value, Effect.runSync(right.recv)],
        encode: (value) => value
      })
      const texts = ["[1", "2]", ...Array.from({ length: 60 }, (_, i) => JSON.stringify({ i }))]
      const bytes = Buffer.concat(texts.map((text) => frame(Framing.ductworks, utf8(text))))
      for (const from of [0, 14]) {
        const serializer = Serializer.jsonSchema(Interfering)
        const { outcomes } = yield* received({ serializer }, [bytes.subarray(from)], "recvAll")
        const good = outcomes.filter(Either.isRight).map((outcome) => outcome.right)
        assert.deepStrictEqual(
          good,
          Array.from({ length: 60 }, (_, i) => [{ i }, "of the other duct, long enough"])
        )
      }
    }).pipe(memory)
  )

  it.scoped("a message does not keep those alive that came with it", () =>
    Effect.gen(function* () {
      const count = 200_000
      const many = function* () {
        for (let i = 0; i < count; i++) yield `message ${i} of many, long enough to be a part of a text and not a copy`
      }
      const [left, right] = yield* MessageDuct.pair()
      yield* Effect.forkScoped(left.sendAll(many()))
      collect()
      const before = process.memoryUsage().heapUsed
      const kept: Array<unknown> = []
      for (let left = count; left > 0;) {
        const messages = yield* right.recvAll
        kept.push(messages[0])
        left -= messages.length
      }
      collect()
      // Each came in a run of 64 KiB or less. What else has become of the heap meanwhile is little against so many.
      assert.isAbove(kept.length, 200)
      assert.isBelow(process.memoryUsage().heapUsed - before, kept.length * 16 * 1024)
    }).pipe(memory)
  )
})
