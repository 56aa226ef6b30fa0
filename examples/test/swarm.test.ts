import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { run } from "./support/run.js"

describe("the swarm", { timeout: 60_000 }, () => {
  for (const [signal, rows, what, message] of [
    ["SIGKILL", "ST-37", "is killed: its connection ends", /one of the ends closed it|its connection broke/],
    ["SIGSTOP", "ST-28 ST-37", "stops: its heartbeats do", /nothing came from it within the time-out/]
  ] as const) {
    it.live(`${rows} a worker ${what}, and its piece is done by another one, once (tcp)`, () =>
      Effect.gen(function* () {
        const { code, left, stderr, stdout } = yield* run("swarm", [signal])
        const [ready, lost = "", primes, pieces = "", ended, ...rest] = stdout.split("\n")
        assert.strictEqual(ready, "8 workers are ready")
        assert.match(lost, /^worker 3 is lost: /)
        assert.match(lost, message)
        assert.strictEqual(primes, "78498 primes below a million")
        const shares = [...pieces.matchAll(/worker \d: (\d+)/g)].map(([, share]) => Number(share))
        assert.strictEqual(shares.length, 8)
        assert.strictEqual(shares[2], 0)
        assert.strictEqual(
          shares.reduce((sum, share) => sum + share),
          40
        )
        assert.deepStrictEqual([ended, rest], ["7 workers ended by themselves", [""]])
        assert.deepStrictEqual([code, stderr, left], [0, "", []])
      })
    )
  }
})
