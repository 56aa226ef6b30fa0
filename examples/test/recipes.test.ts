import { DuctError } from "@ductworks/core"
import { NodeTransport } from "@ductworks/platform-node"
import { MemoryTransport } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { app } from "../src/dependency-injection/app.js"
import * as Digest from "../src/dependency-injection/Digest.js"
import { checks } from "../src/own-transport/checks.js"
import * as PortTransport from "../src/own-transport/PortTransport.js"
import { program as swapTransport } from "../src/swap-transport/program.js"
import { Pricing } from "../src/two-services/contract.js"
import { pricing } from "../src/two-services/pricing.js"
import { total } from "../src/two-services/shop.js"
import { printed } from "./support/printed.js"
import { run } from "./support/run.js"

describe("recipe: restart", { timeout: 60_000 }, () => {
  it.live("a child that crashes is started again, and its answers are kept (fd)", () =>
    Effect.gen(function* () {
      const { code, left, stderr, stdout } = yield* run("restart")
      assert.match(stdout, /^(\w+ after [24] squares; starting another child\n){2}squares: 1, 4, 9, 16, 25\n$/)
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )
})

describe("recipe: many children", { timeout: 60_000 }, () => {
  it.live("serve talks with each child that connects (unix)", () =>
    Effect.gen(function* () {
      const { code, left, stderr, stdout } = yield* run("many-children")
      const lines = stdout.trimEnd().split("\n")
      assert.strictEqual(lines.pop(), "5 children ended with 0, 0, 0, 0, 0")
      assert.sameMembers(lines, ["Ada: 6", "Barbara: 14", "Grace: 10", "Hedy: 8", "Radia: 10"])
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )
})

describe("recipe: swap the transport", { timeout: 60_000 }, () => {
  for (const [transport, layer, address] of [
    ["unix", NodeTransport.layer, /^unix:\/./],
    ["memory", MemoryTransport.layer, /^memory:./]
  ] as const) {
    it.live(`DW-42 the same program (${transport})`, () =>
      Effect.gen(function* () {
        const { value } = yield* printed(swapTransport)
        assert.strictEqual(value.letters, 9)
        assert.match(value.address, address)
      }).pipe(Effect.provide(layer))
    )
  }
})

describe("recipe: two services", { timeout: 60_000 }, () => {
  const ducts = Pricing.layerPair().pipe(Layer.provide(MemoryTransport.layer))

  it.scoped("both run in one test, with a pair over memory and a TestClock (memory)", () =>
    Effect.gen(function* () {
      yield* Effect.forkScoped(pricing)
      assert.strictEqual(yield* total(["apple", "apple", "pear"]), 135)
      const error = yield* Effect.flip(total(["apple", "yacht", "pear"]))
      assert.isTrue(error._tag === "NotSold" && error.item === "yacht")
      assert.strictEqual(yield* total([]), 0)
    }).pipe(Effect.provide(ducts))
  )

  it.scoped("one of them alone, against a test that plays the other (memory)", () =>
    Effect.gen(function* () {
      const pricingEnd = yield* Pricing.Child
      const asking = yield* Effect.fork(total(["apple"]))
      assert.deepStrictEqual(yield* pricingEnd.recv, { item: "apple" })
      yield* pricingEnd.close()
      const error = yield* Effect.flip(Fiber.join(asking))
      assert.isTrue(DuctError.isEndOfFile(error))
    }).pipe(Effect.provide(ducts))
  )

  it.live("they run as two processes (fd)", () =>
    Effect.gen(function* () {
      const { code, left, stderr, stdout } = yield* run("two-services")
      assert.strictEqual(
        stdout,
        "shop: two apples and a pear cost 135 cents\nshop: NotSold yacht\npricing: the shop has closed\n"
      )
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )
})

describe("recipe: dependency injection", { timeout: 60_000 }, () => {
  it.effect("the application runs against another implementation", () =>
    Effect.gen(function* () {
      const { lines } = yield* printed(app)
      assert.deepStrictEqual(lines, ["duct tcud", "works skrow"])
    }).pipe(Effect.provideService(Digest.Digest, { sha256: (text) => Effect.succeed([...text].reverse().join("")) }))
  )

  it.scoped("concurrent callers get their own answers (memory)", () =>
    Effect.gen(function* () {
      const child = yield* Digest.Digesting.Child
      yield* Effect.forkScoped(
        child.stream.pipe(
          Stream.map((text) => `<${text}>`),
          Stream.run(child.sink)
        )
      )
      const digest = yield* Digest.Digest
      const texts = Array.from({ length: 20 }, (_, n) => `${n}`)
      const answers = yield* Effect.forEach(texts, digest.sha256, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        answers,
        texts.map((text) => `<${text}>`)
      )
    }).pipe(
      Effect.provide(Digest.layer),
      Effect.provide(Digest.Digesting.layerPair().pipe(Layer.provide(MemoryTransport.layer)))
    )
  )

  it.live("the layer starts and ends the process (fd)", () =>
    Effect.gen(function* () {
      const { code, left, stderr, stdout } = yield* run("dependency-injection")
      assert.strictEqual(stdout, "duct b979d6ee1301aca9\nworks 93f6e11d9ce3e407\n")
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )
})

describe("recipe: a transport of one's own, over MessagePort", { timeout: 60_000 }, () => {
  for (const check of checks) {
    it.live(`DW-42 law ${check.law}: ${check.name}`, () => check.run.pipe(Effect.provide(PortTransport.layer)))
  }

  it.live("it has pairs alone, and says so", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(swapTransport)
      assert.strictEqual(error._tag, "Unsupported")
    }).pipe(Effect.provide(PortTransport.layer))
  )
})
