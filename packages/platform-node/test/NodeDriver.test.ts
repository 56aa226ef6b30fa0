import { Address } from "@ductworks/core"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { NodeDriver } from "../src/index.js"

const owned = (make: () => NodeDriver.NodeDriver) =>
  Effect.acquireRelease(Effect.sync(make), (driver) => driver.close("now"))

/** Asks until there is an answer, waiting only for the wake-ups in between. */
const until = <A>(ask: () => A | undefined, onWake: (wake: () => void) => void): Effect.Effect<A> =>
  Effect.async((resume) => {
    const attempt = () => {
      const answer = ask()
      if (answer === undefined) onWake(attempt)
      else resume(Effect.succeed(answer))
    }
    attempt()
  })

describe("sockets without waiting", () => {
  it.scopedLive("DW-42 a listener gives connections as drivers, whose bytes come when they are asked for", () =>
    Effect.gen(function* () {
      const listener = yield* NodeDriver.listen(Address.TcpAddress("127.0.0.1", 0), { backlog: 1 })
      assert.strictEqual(listener.take(), undefined)
      const client = yield* owned(NodeDriver.make)
      assert.strictEqual(client.fileno, undefined)
      yield* NodeDriver.connect(client, listener.address)
      assert.isAbove(client.fileno ?? -1, 2)
      const accepted = yield* until(listener.take, listener.onArrival)
      if (accepted instanceof Error) return assert.fail(accepted.message)
      assert.strictEqual(accepted.remotePort, client.socket.localPort)

      const server = yield* owned(() => NodeDriver.fromSocket(accepted))
      let wake = () => {}
      server.start(() => wake())
      client.put([new Uint8Array([1, 2, 3])])
      const taken = yield* until(
        () => server.take(),
        (then) => (wake = then)
      )
      assert.deepStrictEqual(taken, [new Uint8Array([1, 2, 3])])
    })
  )

  it.scopedLive("DW-4 DW-8 an address that is none is InvalidAddress", () =>
    Effect.gen(function* () {
      const driver = yield* owned(NodeDriver.make)
      const unnamed = Address.UnixAddress("")
      const connecting = yield* Effect.flip(NodeDriver.connect(driver, unnamed))
      assert.strictEqual(connecting._tag, "InvalidAddress")
      const listening = yield* Effect.flip(NodeDriver.listen(unnamed))
      assert.strictEqual(listening._tag, "InvalidAddress")
    })
  )

  it.scopedLive("DW-6 a listener that closed has no more connections", () =>
    Effect.gen(function* () {
      const listener = yield* Effect.scoped(NodeDriver.listen(Address.TcpAddress("127.0.0.1", 0)))
      const taken = listener.take()
      assert.propertyVal(taken, "_tag", "DuctClosed")
    })
  )
})
