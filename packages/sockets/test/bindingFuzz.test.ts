import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { runs } from "./support/addon.js"

describe("values of every kind, for every function (native)", () => {
  // Each in a process of its own, so that a crash is that process's, and the seed says how to see it again.
  for (const seed of ["1", "20", "300"]) {
    it.live(`SH-12 SH-33 nothing crashes, and no stranger's descriptor is closed: seed ${seed}`, () =>
      Effect.map(runs("fuzz", seed, "8000"), (said) => assert.strictEqual(said, `survived ${seed}`))
    )
  }
})
