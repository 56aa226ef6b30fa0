import { assert, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { Fifo } from "../src/internal/fifo.js"

it("a Fifo is an array that one pushes to and shifts from", () => {
  const step = FastCheck.oneof(
    { weight: 6, arbitrary: FastCheck.constant("push") },
    { weight: 5, arbitrary: FastCheck.constant("shift") },
    { weight: 1, arbitrary: FastCheck.constant("many") }
  )
  FastCheck.assert(
    FastCheck.property(FastCheck.array(step, { maxLength: 300 }), (steps) => {
      const fifo = new Fifo<number>()
      const model: Array<number> = []
      let last = 0
      const push = () => {
        fifo.push(++last)
        model.push(last)
      }
      for (const step of steps) {
        if (step === "push") push()
        // Enough that what was given is let go of.
        else if (step === "many") for (let i = 0; i < 100; i++) push()
        else assert.strictEqual(fifo.shift(), model.shift())
        assert.strictEqual(fifo.peek(), model[0])
        assert.strictEqual(fifo.size, model.length)
      }
      while (model.length > 0) assert.strictEqual(fifo.shift(), model.shift())
      assert.isUndefined(fifo.shift())
      fifo.push(1)
      fifo.clear()
      assert.strictEqual(fifo.size, 0)
    })
  )
})
