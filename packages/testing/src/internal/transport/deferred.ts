import type { Chunks, Deferred } from "@ductworks/core/Connection"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { expect } from "../check.js"
import { Pattern, Random } from "../pattern.js"
import { open, receive, type Setting } from "./ends.js"
import type { Entry } from "./entry.js"

/** Laws 1 and 6 for bytes that are deferred, of transports that gather within a turn. Where none does, they are written. */
export const deferred = (setting: Setting): ReadonlyArray<Entry> => {
  const { seed } = setting
  const total = 500_000

  const amongOthers = Effect.gen(function* () {
    const { left, right } = yield* open(setting)
    const pattern = new Pattern(seed)
    const random = new Random(seed)
    const later = new Later()
    const next = () => pattern.next(Math.min(1 + random.below(2000), total - pattern.offset))
    const flush = Effect.flatMap(left.flush, () =>
      expect(later.size === 0, "flush completed, and what was deferred had not been asked for")
    )
    const send = Effect.gen(function* () {
      while (pattern.offset < total) {
        const bytes = next()
        if (left.defer(later, bytes.length)) later.add(bytes)
        else yield* left.write([bytes])
        if (random.below(10) === 0 && pattern.offset < total) yield* left.write([next()])
        if (random.below(10) === 0) yield* Effect.yieldNow()
        if (random.below(50) === 0) yield* flush
      }
      yield* flush
      yield* expect(left.pending() === 0, "flush completed with bytes pending")
    })
    yield* Effect.all([send, receive(right, new Pattern(seed), total)], { concurrency: "unbounded", discard: true })
  })

  const beforeTheEnd = Effect.gen(function* () {
    const { closeLeft, left, right } = yield* open(setting)
    const pattern = new Pattern(seed)
    const later = new Later()
    for (let i = 0; i < 20; i++) {
      const bytes = pattern.next(100)
      if (left.defer(later, bytes.length)) later.add(bytes)
      else yield* left.write([bytes])
    }
    const close = Effect.zipRight(
      closeLeft(),
      Effect.suspend(() => expect(later.size === 0, "closed, and what was deferred had not been asked for"))
    )
    yield* Effect.all([close, receive(right, new Pattern(seed), pattern.offset)], {
      concurrency: "unbounded",
      discard: true
    })
  })

  return [
    [1, "what is deferred keeps its place among what is written", amongOthers],
    [6, "what is deferred leaves before a connection closes", beforeTheEnd]
  ]
}

class Later implements Deferred {
  private chunks: Array<Uint8Array> = []
  size = 0

  add(bytes: Uint8Array): void {
    this.chunks.push(bytes)
    this.size += bytes.length
  }

  readonly take = (): Chunks | undefined => {
    const { chunks } = this
    this.chunks = []
    this.size = 0
    return Arr.isNonEmptyArray(chunks) ? chunks : undefined
  }
}
