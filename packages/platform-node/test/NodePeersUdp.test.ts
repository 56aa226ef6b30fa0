import { assert, it } from "@effect/vitest"
import { Target } from "../src/internal/peers/udpTarget.js"

it("ST-38 what the system refused of a datagram that nobody waited for is told once, and then asked about (udp)", () => {
  const target = new Target("127.0.0.1", 9)
  const refused = new Error("refused")
  target.prove(true)
  target.sent(null)
  assert.strictEqual(target.failure(), undefined)
  target.sent(refused)
  assert.strictEqual(target.failure(), refused)
  assert.strictEqual(target.failure(), undefined)
  assert.isFalse(target.isProven)
})
