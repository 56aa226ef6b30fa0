import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { cases } from "../src/cases/index.js"
import { contenders } from "../src/contenders/index.js"
import { highlights } from "../src/pages/highlights.js"

const namesOf = ({ baseline, contenders, further = [] }: (typeof cases)[number]) => [
  baseline,
  ...contenders,
  ...further
]

describe("cases", () => {
  it("name contenders that there are, each once", () => {
    for (const work of cases) {
      const names = namesOf(work)
      assert.deepStrictEqual(
        names.filter((name) => !(name in contenders)),
        [],
        work.title
      )
      assert.strictEqual(new Set(names).size, names.length, work.title)
    }
  })

  it("have titles of their own, and targets about their own contenders", () => {
    assert.strictEqual(new Set(cases.map(({ title }) => title)).size, cases.length)
    for (const work of cases) {
      const named = work.targets.flatMap(({ contenders, to = work.baseline }) => [...contenders, to])
      assert.deepStrictEqual(
        named.filter((name) => !namesOf(work).includes(name)),
        [],
        work.title
      )
    }
  })

  it("leave every group something for a quick run", () => {
    const groups = (some: typeof cases) => [...new Set(some.map(({ group }) => group))]
    assert.deepStrictEqual(groups(cases.filter(({ quickCount }) => quickCount !== 0)), groups(cases))
  })

  it("have what the README shows", () => {
    for (const { title, contenders, to } of highlights) {
      const work = cases.find((one) => one.title === title)
      assert.isDefined(work, title)
      if (work === undefined) continue
      assert.deepStrictEqual(
        [...contenders, to].filter((name) => !namesOf(work).includes(name)),
        [],
        title
      )
    }
  })

  it("have what docs/performance.md shows", () => {
    const page = readFileSync(fileURLToPath(new URL("../../docs/performance.md", import.meta.url)), "utf8")
    const blocks = Array.from(page.matchAll(/<!-- figures: (.+?) -->/g), ([, name]) => name)
    const groups = cases.map(({ group }) => group).filter((group) => group !== "primitives")
    assert.sameMembers(blocks, ["machine", "targets", ...new Set(groups)])
  })
})
