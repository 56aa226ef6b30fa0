import { assert, describe, it } from "@effect/vitest"
import { Outflow } from "@ductworks/platform-node/SocketKit"
import * as Arr from "effect/Array"

/** One whose system takes everything at once, or when it is told to; and the sizes of its writes. */
class Recorded extends Outflow {
  readonly writes: Array<number> = []

  constructor(private readonly takesAtOnce: boolean) {
    super()
  }

  protected transmit(pieces: ReadonlyArray<Uint8Array>): void {
    this.writes.push(pieces.reduce((sum, piece) => sum + piece.length, 0))
    if (this.takesAtOnce) this.sent()
  }

  protected progressed(): void {}

  finish(): void {
    this.sent()
  }
}

const recorded = (takesAtOnce = true) => {
  const sender = new Recorded(takesAtOnce)
  return { writes: sender.writes, sender, finish: () => sender.finish() }
}

const bytes = (count: number) => Arr.of(new Uint8Array(count))

// Two: the turn ends in the microtask after those that are queued when it begins.
const turnEnds = () => Promise.resolve().then(() => Promise.resolve())

describe("what is sent in a turn", () => {
  it("leaves at once when it is the first, and else when the turn ends, in one write", async () => {
    const { sender, writes } = recorded()
    for (const size of [10, 20, 30]) sender.put(bytes(size))
    assert.deepStrictEqual(writes, [10])
    assert.strictEqual(sender.pending(), 50)
    await turnEnds()
    assert.deepStrictEqual(writes, [10, 50])
    sender.put(bytes(40))
    assert.deepStrictEqual(writes, [10, 50, 40])
    await turnEnds()
  })

  it("is gathered by any number of senders up to 64 KiB all together, and then leaves, be the turn over or not", async () => {
    const all = Array.from({ length: 1000 }, () => recorded())
    const gathered = () => all.reduce((sum, { sender }) => sum + sender.pending(), 0)
    let most = 0
    for (const { sender } of all) {
      for (let i = 0; i < 6; i++) sender.put(bytes(1040))
      most = Math.max(most, gathered())
    }
    assert.isBelow(most, 64 * 1024)
    await turnEnds()
    assert.strictEqual(gathered(), 0)
    const counts = all.map(({ writes }) => writes.length)
    assert.isAtMost(Math.max(...counts), 3)
    // The first batch, then what was gathered: one write more where the bound came in between.
    assert.isBelow(
      counts.reduce((sum, count) => sum + count, 0),
      2 * all.length + 100
    )
  })

  it("waits for the write that is under way, and then leaves without another turn", async () => {
    const { finish, sender, writes } = recorded(false)
    sender.put(bytes(10))
    sender.put(bytes(100 * 1024))
    await turnEnds()
    assert.deepStrictEqual(writes, [10])
    finish()
    assert.deepStrictEqual(writes, [10, 100 * 1024])
    finish()
    assert.strictEqual(sender.pending(), 0)
  })

  it("leaves with the turn when a write ends within it, and when the sender does not let it end", async () => {
    const { finish, sender, writes } = recorded(false)
    sender.put(bytes(10))
    sender.put(bytes(20))
    finish()
    assert.deepStrictEqual(writes, [10])
    await turnEnds()
    assert.deepStrictEqual(writes, [10, 20])
    finish()
    sender.put(bytes(30))
    finish()
    sender.put(bytes(40))
    sender.endTurn()
    assert.deepStrictEqual(writes, [10, 20, 30, 40])
    finish()
    await turnEnds()
  })
})
