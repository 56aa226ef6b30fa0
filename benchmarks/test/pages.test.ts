import { assert, describe, it } from "@effect/vitest"
import { figure, quantity, table, wording } from "../src/format.js"
import { draw } from "../src/pages/draw.js"
import { kindOf, label } from "../src/pages/names.js"
import { fill } from "../src/pages/pages.js"
import { plotsOf } from "../src/pages/plots.js"
import { decodeRun, encodeRun, Verdict } from "../src/results.js"
import { replace } from "../src/store.js"
import { result, runOf } from "./samples.js"

const values = { "net echo": [20_000], "duct echo": [30_000], "C echo": [9000] }

describe("pages", () => {
  it("write figures with three digits and a unit that suits them", () => {
    assert.deepStrictEqual([0.12345, 12.345, 123.45, 12_345, Number.NaN].map(figure), [
      "0.123",
      "12.3",
      "123",
      "12,345",
      "–"
    ])
    assert.strictEqual(quantity(950, "ns a message"), "950 ns")
    assert.strictEqual(quantity(23_456, "ns a message"), "23.5 µs")
    assert.strictEqual(quantity(2048, "MiB a second"), "2 GiB/s")
    assert.strictEqual(quantity(53_248, "bytes each"), "52 KiB")
  })

  it("say what was wanted and what there is", () => {
    const about = { contender: "duct", to: "net", bound: "at least", limit: 3, actual: 2.5, isMet: false } as const
    assert.deepStrictEqual(wording(new Verdict({ ...about, what: "speed" }), "ns each"), {
      got: "duct: 2.5 × as fast",
      wanted: "≥ 3 × as fast as net"
    })
  })

  it("have tables as Prettier writes them", () => {
    assert.strictEqual(
      table(["a", "long"], [["wide one", "1"]]),
      "| a        | long |\n| -------- | ---- |\n| wide one | 1    |"
    )
  })

  it("replace what is between the marks, again and again", () => {
    const run = runOf(result(values))
    const page =
      "before\n\n<!-- figures: machine -->\nold\n<!-- end of figures -->\n\n<!-- figures: sample -->\n<!-- end of figures -->\n"
    const once = fill(page, run)
    assert.include(once, "2 × A processor, 4 GiB, Linux 6, Node 20.0.0; medians of 3 alternating rounds.")
    assert.include(once, "| NodeTransport    | 30 µs    | 1.5                |")
    assert.notInclude(once, "old")
    assert.strictEqual(fill(once, run), once)
    assert.notStrictEqual(fill(once, runOf(result({ ...values, "duct echo": [31_000] }))), once)
  })

  it("refuse a block that the run does not have", () => {
    assert.throws(() => fill("<!-- figures: nothing -->\n<!-- end of figures -->", runOf()), /"nothing"/)
  })

  it("call contenders by what they are", () => {
    const names = ["socket duct schema echo", "raw duct, 1 MiB, reused", "net one way", "C, 1 MiB, fresh", "ws echo"]
    assert.deepStrictEqual(names.map(label), [
      "SocketTransport, Schema",
      "NodeTransport, raw duct",
      "node:net by hand",
      "C",
      "ws"
    ])
    assert.deepStrictEqual(names.map(kindOf), ["Ductworks", "Ductworks", "others", "C, the limit", "others"])
  })

  it("draw the same plot of the same run, and only of cases that it has", async () => {
    const run = runOf(result(values, { title: "round trip of 90-byte JSON" }))
    const plots = plotsOf(run)
    assert.deepStrictEqual([...plots.keys()], ["round-trip"])
    for (const spec of plots.values()) {
      const svg = await draw(spec)
      for (const text of ["NodeTransport", "node:net by hand", "µs, less is better", "one core"])
        assert.include(svg, text)
      assert.strictEqual(await draw(spec), svg)
    }
  })
})

describe("runs", () => {
  it("are the same after they were kept", () => {
    const run = runOf(result(values), result({ "duct echo": [1] }, { title: "without its baseline" }))
    assert.deepStrictEqual(decodeRun(encodeRun(run)), run)
  })

  it("are continued case by case", () => {
    const other = result(values, { title: "another" })
    const again = result({ ...values, "duct echo": [40_000] })
    const run = replace(runOf(result(values), other), [again])
    assert.deepStrictEqual(run.cases, [again, other])
  })
})
