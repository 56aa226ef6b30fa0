import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { containsItself, leastLength } from "../src/internal/walk.js"

interface Link {
  next: unknown
}

/** A list of so many objects, and its last one. */
const chain = (length: number) => {
  const last: Link = { next: null }
  let first = last
  for (let i = 1; i < length; i++) first = { next: first }
  return { first, last }
}

const trap = {
  get value(): never {
    throw new Error("a getter ran")
  }
}

describe("containsItself", () => {
  it("is true of a cycle, however long it is and wherever it begins", () => {
    for (const length of [1, 2, 100_000]) {
      const { first, last } = chain(length)
      assert.isFalse(containsItself([first, first]))
      last.next = first
      assert.isTrue(containsItself(first))
      assert.isTrue(containsItself({ a: 1, b: [2, first] }))
    }
  })

  it("is false of what merely stands in several places, at once and in good time", () => {
    let twice: unknown = "x"
    for (let i = 0; i < 60; i++) twice = [twice, twice]
    assert.isFalse(containsItself(twice))
    FastCheck.assert(FastCheck.property(FastCheck.jsonValue(), (value) => !containsItself([value, value])))
  })

  it("runs no getter", () => {
    assert.isFalse(containsItself(trap))
  })
})

describe("leastLength", () => {
  it("is never more than the JSON has", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue(), (value) => {
        assert.isAtMost(leastLength(value, Infinity), JSON.stringify(value).length)
      })
    )
  })

  it("counts a text as often as it stands there, and stops when that is too much", () => {
    const text = "x".repeat(1000)
    const texts = Array.from({ length: 50 }, () => text)
    assert.strictEqual(leastLength(texts, Infinity), 50_001)
    assert.isBelow(leastLength(texts, 5000), 7000)
    assert.strictEqual(leastLength({ key: "value" }, Infinity), 9)
  })

  it("ends for a cycle, and does not look into bytes or getters", () => {
    const { first, last } = chain(100_000)
    last.next = first
    assert.isBelow(leastLength(first, Infinity), 1_000_000)
    assert.strictEqual(leastLength(new Uint8Array(1e6), Infinity), 1)
    assert.strictEqual(leastLength(trap, Infinity), 1)
  })
})
