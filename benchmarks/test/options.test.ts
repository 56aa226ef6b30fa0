import { assert, describe, it } from "@effect/vitest"
import { parseOptions } from "../src/options.js"

const parse = (...args: ReadonlyArray<string>) => parseOptions(args, ["one way"], ["one way, 60-byte JSON"])

const refusal = (...args: ReadonlyArray<string>): string => {
  const options = parse(...args)
  return typeof options === "string" ? options : "none"
}

describe("options", () => {
  it("are read", () => {
    assert.deepInclude(parse("--quick", "--only", "60-byte", "--save", "mine-2"), {
      quick: true,
      json: false,
      only: "60-byte",
      save: "mine-2"
    })
  })

  it("that are unknown, or name nothing, are refused by name", () => {
    assert.match(refusal("--fast"), /--fast/)
    assert.match(refusal("--only", "both ways"), /"both ways".*one way/)
    assert.match(refusal("--save", "../mine"), /"\.\.\/mine"/)
    assert.match(refusal("quick"), /quick/)
    assert.match(refusal("--quick", "--save", "reference"), /whole/)
  })
})
