// The files of the self-test: a clean workspace, and per check what has to be found.
import { readFileSync } from "node:fs"

const manifest = (name, dependencies, peers) =>
  JSON.stringify(
    {
      name: `@ductworks/${name}`,
      version: "0.0.0",
      type: "module",
      exports: { ".": { "@ductworks/source": "./src/index.ts" }, "./*": { "@ductworks/source": "./src/*.ts" } },
      dependencies: Object.fromEntries(dependencies.map((each) => [`@ductworks/${each}`, "0.0.0"])),
      peerDependencies: Object.fromEntries(peers.map((each) => [each, "*"]))
    },
    null,
    2
  ) + "\n"

const doc = "/**\n * A fixture.\n *\n * @since 0.1.0\n * @category fixtures\n */\n"
const example = (code) =>
  `/**\n * A fixture.\n *\n * @example\n * ${code}\n *\n * @since 0.1.0\n * @category fixtures\n */\nexport const shown = 1\n`

const core = "packages/core/src"
const message = "packages/message/src"
const node = "packages/platform-node/src"

/** A page with that title, and what a test thinks of it. */
const browserTest = (expected, besides = "") =>
  `import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { chromium } from "playwright-core"
import { assert, it } from "vitest"

it("has a title", async () => {
  const { CHROMIUM, TMPDIR } = process.env
  const browser = await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: process.getuid?.() !== 0 })
  const page = await browser.newPage()
  await page.setContent("<title>right</title>")
  const title = await page.title()
  await browser.close()
  ${besides}
  assert.strictEqual(title, "${expected}")
})
`

/** A file, and a process that would end in a minute. */
const leaving = `writeFileSync(TMPDIR + "/rubbish", "")
  const args = ["-e", "setTimeout(() => {}, 60_000)", TMPDIR]
  spawn(process.execPath, args, { detached: true, stdio: "ignore" }).unref()`

const rows = JSON.parse(readFileSync(new URL("rows.json", import.meta.url), "utf8"))
const report = (failing) =>
  JSON.stringify({
    testResults: [
      {
        name: "rows.test.ts",
        assertionResults: Object.keys(rows).map((id) => ({
          title: `${id} holds (unix)`,
          ancestorTitles: [],
          status: id === failing ? "failed" : "passed"
        }))
      }
    ]
  })

export const clean = {
  "package.json": `{ "type": "module" }\n`,
  "docs/coverage.md": "",
  "build/test-report.json": report(),
  "packages/core/package.json": manifest("core", [], ["effect"]),
  [`${core}/index.ts`]: `export * as Number from "./Number.js"\n`,
  [`${core}/Number.ts`]: `import * as Effect from "effect/Effect"\n\n${doc}export const one = Effect.succeed(1)\n`,
  [`${core}/Shown.ts`]: example("console.assert(1 + 1 === 2)"),
  "packages/core/test/Number.test-d.ts": `import { expectTypeOf, it } from "vitest"\n\nit("is a number", () => expectTypeOf(1).toBeNumber())\n`,
  "packages/message/package.json": manifest("message", ["core"], ["effect"]),
  [`${message}/index.ts`]: `import { Number } from "@ductworks/core"\nimport * as Effect from "effect/Effect"\n\n${doc}export const two = Effect.zip(Number.one, Number.one)\n`,
  [`${message}/Framing.ts`]: `import { part } from "./internal/framing/part.js"\n\n${doc}export type Frame = number\n\n${doc}export const frame: Frame = part\n`,
  [`${message}/internal/framing/part.ts`]: `import type { Frame } from "../../Framing.js"\nimport { piece } from "./piece.js"\n\nexport const part: Frame = piece\n`,
  [`${message}/internal/framing/piece.ts`]: "export const piece = 1\n",
  "packages/platform-node/package.json": manifest("platform-node", [], []),
  [`${node}/index.ts`]: `import * as path from "node:path"\n\n${doc}export const separator = path.sep\n`,
  "packages/testing/package.json": manifest("testing", [], []),
  "packages/testing/src/index.ts": `${doc}export const kit = 1\n`,
  "examples/src/ok/main.ts": "console.log(1)\n",
  "examples/dist/ok/main.js": "console.log(1)\n",
  "examples/test/title.browser.ts": browserTest("right"),
  "docs/shown.md":
    "```ts file=examples/src/ok/main.ts\nconsole.log(1)\n```\n\n```js part=examples/src/ok/main.ts\n  console.log(1)\n```\n"
}

export const bad = [
  {
    check: "format",
    name: "unformatted",
    files: { [`${core}/Ugly.ts`]: "export const ugly   =  1;\n" },
    reasons: ["Ugly.ts"]
  },
  {
    check: "lint",
    name: "lint",
    files: {
      [`${core}/Promise.ts`]: `${doc}export const later = async () => {}\n\nlater()\n`,
      [`${core}/Cast.ts`]: `${doc}export const cast = JSON.parse("1") as number\n`,
      [`${core}/Any.ts`]: `${doc}export const loose = (value: any) => value.field\n`,
      [`${core}/NonNull.ts`]: `${doc}export const sure = (text: string | undefined) => text!.length\n`,
      [`${core}/Undocumented.ts`]: `export const bare = 1\n`,
      [`${core}/TagsOnly.ts`]: `/**\n * @since 0.1.0\n * @category fixtures\n */\nexport const tagged = 1\n`,
      [`${core}/Barrel.ts`]: `import { Effect } from "effect"\n\n${doc}export const unit = Effect.void\n`,
      "packages/core/test/Skipped.test.ts": `import { it } from "vitest"\n\nit.skip("never", () => {})\n`
    },
    reasons: [
      "@typescript-eslint/no-floating-promises",
      "@typescript-eslint/consistent-type-assertions",
      "@typescript-eslint/no-explicit-any",
      "@typescript-eslint/no-unsafe-member-access",
      "@typescript-eslint/no-non-null-assertion",
      "needs a doc comment with @since",
      "begins with a sentence, not with its tags",
      "ductworks/documented-exports",
      "no-restricted-imports",
      "no-restricted-syntax"
    ]
  },
  {
    check: "effects",
    name: "floating-effect",
    files: {
      [`${core}/Floating.ts`]: `import * as Effect from "effect/Effect"\n\nEffect.succeed(1)\n\n${doc}export const unit = Effect.void\n`
    },
    reasons: ["effect(floatingEffect)"]
  },
  {
    check: "boundaries",
    name: "boundaries",
    files: {
      [`${core}/Upwards.ts`]: `import { two } from "@ductworks/message"\n\n${doc}export const four = [two, two]\n`,
      [`${core}/Undeclared.ts`]: `import { expect } from "vitest"\n\n${doc}export const check = expect\n`,
      [`${core}/Builtin.ts`]: `import * as fs from "node:fs"\n\n${doc}export const read = fs.readFileSync\n`,
      [`${core}/Left.ts`]: `import { right } from "./Right.js"\n\n${doc}export const left: () => unknown = () => right\n`,
      [`${core}/Right.ts`]: `import { left } from "./Left.js"\n\n${doc}export const right: () => unknown = () => left\n`,
      [`${core}/Gone.ts`]: `import { nothing } from "./Nowhere.js"\n\n${doc}export const gone = nothing\n`,
      [`${core}/internal/secret.ts`]: "export const secret = 1\n",
      [`${message}/Framing.ts`]: `import { two } from "./index.js"\n\n${doc}export const frame = two\n`,
      [`${message}/internal/framing/part.ts`]: `import * as Effect from "effect/Effect"\n\nexport const part = Effect.void\n`,
      [`${message}/internal/framing/piece.ts`]: `import { frame } from "../../Framing.js"\n\nexport const piece = frame\n`,
      [`${message}/Nosy.ts`]: `import { secret } from "../../core/src/internal/secret.js"\n\n${doc}export const nosy = secret\n`,
      [`${node}/ShyPeers.ts`]: `${doc}export const shy = 1\n`,
      [`${node}/Loud.ts`]: `import { shy } from "./ShyPeers.js"\n\n${doc}export const loud = shy\n`,
      [`${node}/Kit.ts`]: `import { kit } from "@ductworks/testing"\n\n${doc}export const used = kit\n`
    },
    reasons: [
      "core-imports-only-its-own",
      "no-node-here",
      "no-cycle",
      "no-unresolvable",
      "framing-imports-only-its-parts",
      "framing-parts-import-only-each-other",
      "framing-parts-take-only-its-types",
      "no-foreign-internals",
      "no-testing-in-sources",
      "peers-are-subpaths",
      "packages/core/package.json: src imports vitest, which is neither dependency nor peer",
      "packages/platform-node/package.json: src imports @ductworks/testing"
    ]
  },
  {
    check: "boundaries",
    name: "manifest",
    files: { "packages/core/package.json": manifest("core", [], ["effect", "@msgpack/msgpack"]) },
    reasons: ["@msgpack/msgpack is declared, but src does not import it"]
  },
  {
    check: "docs",
    name: "throwing-examples",
    files: {
      [`${core}/Throws.ts`]: example(`throw new Error("on purpose")`),
      [`${core}/Asserts.ts`]: example(`console.assert(1 + 1 === 3)`),
      [`${core}/Hangs.ts`]: example(`await new Promise(() => {})`),
      "README.md": "```ts\nprocess.exit(7)\n```\n"
    },
    reasons: ["Throws.ts:4: exit 1", "Asserts.ts:4: exit 1", "Hangs.ts:4: exit 13", "README.md:1: exit 7"]
  },
  {
    check: "docs",
    name: "mistyped-example",
    files: { "README.md": "```ts no-run\nconst text: string = 1\n```\n" },
    reasons: ["TS2322"]
  },
  {
    check: "docs",
    name: "strayed-page",
    files: {
      "docs/strayed.md":
        "```ts file=examples/src/ok/main.ts\nconsole.log(2)\n```\n\n```js part=examples/src/ok/main.ts\nlog(1)\n```\n"
    },
    reasons: [
      "strayed.md:1: differs from examples/src/ok/main.ts",
      "strayed.md:5: differs from examples/src/ok/main.ts"
    ]
  },
  {
    check: "examples",
    name: "failing-example",
    files: {
      "examples/src/bad/main.ts": "process.exit(3)\n",
      "examples/dist/bad/main.js": "process.exit(3)\n",
      "examples/src/dirty/main.ts": "",
      "examples/dist/dirty/main.js": `require("node:fs").writeFileSync(process.env.TMPDIR + "/rubbish", "")\n`,
      "examples/dist/dirty/package.json": `{ "type": "commonjs" }\n`
    },
    reasons: ["FAIL bad", "exit 3", "left behind: rubbish"]
  },
  {
    check: "browser",
    name: "wrong-title",
    files: { "examples/test/title.browser.ts": browserTest("wrong") },
    reasons: ["expected 'right' to equal 'wrong'", "the tests failed"]
  },
  {
    check: "browser",
    name: "browser-rubbish",
    files: { "examples/test/title.browser.ts": browserTest("right", leaving) },
    reasons: ["left behind:", "rubbish", "setTimeout"]
  },
  {
    check: "browser",
    name: "no-browser-test",
    files: { "examples/test/title.browser.ts": "export {}\n" },
    reasons: ["No test suite found"]
  },
  {
    check: "browser",
    name: "no-browser",
    files: {},
    env: { CHROMIUM: "/nowhere/chromium" },
    reasons: ["CHROMIUM=/nowhere/chromium is no program"]
  },
  {
    check: "coverage",
    name: "uncovered",
    files: { "build/test-report.json": report("DW-5") },
    reasons: ["DW-5 has no passing test", "docs/coverage.md is stale"]
  },
  {
    check: "typetests",
    name: "mistyped-test",
    files: {
      "packages/core/test/Number.test-d.ts": `import { expectTypeOf, it } from "vitest"\n\nit("is a number", () => expectTypeOf("1").toBeNumber())\n`
    },
    reasons: ["1 failed"]
  }
]
