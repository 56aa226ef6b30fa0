import { assert, describe, it } from "@effect/vitest"
import { figureAtMost, ratioAtMost, speedAtLeast, tailAtMost, against, type Target } from "../src/cases/case.js"
import { median, quantile } from "../src/figure.js"
import { resultOf } from "../src/summary.js"
import { outcome, result } from "./samples.js"

const verdict = (target: Target, values: Record<string, ReadonlyArray<number>>, unit?: "MiB a second") =>
  result(values, { targets: [target], ...(unit === undefined ? {} : { unit }) }).targets[0]

describe("summary", () => {
  it("takes the middle, or what is between the two in the middle", () => {
    assert.strictEqual(median([3, 1, 2]), 2)
    assert.strictEqual(median([4, 1, 3, 2]), 2.5)
    assert.isNaN(median([]))
    assert.strictEqual(quantile([10, 20, 30, 40, 50], 0.5), 30)
    assert.strictEqual(quantile([10, 20, 30, 40, 50], 0.99), 40)
  })

  it("takes the ratio of rounds that followed one another, so that a slow minute harms neither", () => {
    const { rows } = result({ "net echo": [10, 1000, 10], "duct echo": [20, 2000, 20] })
    assert.deepStrictEqual(
      rows.map(({ contender, ratio, median }) => ({ contender, ratio, median })),
      [
        { contender: "net echo", ratio: 1, median: 10 },
        { contender: "duct echo", ratio: 2, median: 20 }
      ]
    )
  })

  it("measures a target by the best of its contenders", () => {
    const values = { "net echo": [10], "duct echo": [30], "socket duct echo": [11] }
    const met = verdict(ratioAtMost(["duct echo", "socket duct echo"], 1.15), values)
    assert.deepInclude(met, { contender: "socket duct echo", actual: 1.1, isMet: true, to: "net echo" })
    assert.deepInclude(verdict(ratioAtMost("duct echo", 1.15), values), { actual: 3, isMet: false })
  })

  it("compares with others than the baseline", () => {
    const values = { "net echo": [10], "duct echo": [30], "ws echo": [60] }
    const [target] = against(["ws echo"], ratioAtMost("duct echo", 1))
    assert.isDefined(target)
    if (target !== undefined) assert.deepInclude(verdict(target, values), { to: "ws echo", actual: 0.5, isMet: true })
  })

  it("knows that less of a time and more of a rate is faster", () => {
    const values = { "net echo": [10], "duct echo": [5] }
    assert.deepInclude(verdict(speedAtLeast("duct echo", 2), values), { actual: 2, isMet: true })
    assert.deepInclude(verdict(speedAtLeast("duct echo", 2), values, "MiB a second"), { actual: 0.5, isMet: false })
  })

  it("compares tails by p99 ÷ p50", () => {
    const work = outcome({}, { targets: [tailAtMost("duct echo", 1)] })
    const figures = new Map([
      ["net echo", [{ value: 1, p50: 10, p99: 20 }]],
      ["duct echo", [{ value: 1, p50: 10, p99: 30 }]]
    ])
    assert.deepInclude(resultOf({ ...work, figures }).targets[0], { actual: 1.5, isMet: false })
  })

  it("takes figures as they are, and says nothing of who did not run", () => {
    assert.deepInclude(verdict(figureAtMost("duct echo", 5), { "duct echo": [4] }), { actual: 4, isMet: true })
    assert.isUndefined(verdict(figureAtMost("duct echo", 5), { "net echo": [4] }))
    assert.isUndefined(verdict(ratioAtMost("duct echo", 5), { "duct echo": [4] }))
    assert.isUndefined(verdict(ratioAtMost("duct echo", 5, "two cores"), { "duct echo": [4], "net echo": [4] }))
  })
})
