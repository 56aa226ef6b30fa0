import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { program } from "../src/tick-loop/program.js"
import { printed } from "./support/printed.js"
import { run } from "./support/run.js"

describe("the tick loop", { timeout: 60_000 }, () => {
  it.live("ST-30 ST-38 ST-44 50 players see the ticks of a fixed rate, and those that were missed are told (udp)", () =>
    Effect.gen(function* () {
      const { lines, value } = yield* printed(program)
      const { done, missed, seen } = value
      assert.isAtLeast(missed, 2, "the slow tick takes the time of two others")
      assert.isAtLeast(done + missed, 30)
      assert.strictEqual(lines[0], "50 players have joined")
      assert.include(lines, `${done} ticks were run and ${missed} missed`)
      const told = lines.flatMap((line) => [...line.matchAll(/^tick \d+: missed (\d+),/g)].map(([, n]) => Number(n)))
      assert.strictEqual(
        told.reduce((sum, n) => sum + n, 0),
        missed
      )
      assert.strictEqual(new Set(seen.map(({ player }) => player)).size, 50)
      for (const { player, position, snapshots } of seen) {
        assert.isTrue(snapshots > 0 && snapshots <= done)
        // Velocity is the player's number, and 20 ticks are a second.
        assert.isTrue(position > 0 && position <= (player * (done + missed)) / 20 + 1e-9)
      }
    })
  )

  it.live("the program ends by itself and leaves nothing", () =>
    Effect.gen(function* () {
      const { code, left, stderr } = yield* run("tick-loop")
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )
})
