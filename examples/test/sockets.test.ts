import { NativeSockets, PortableSockets } from "@ductworks/sockets"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { program } from "../src/sockets-echo/program.js"
import { printed } from "./support/printed.js"
import { run } from "./support/run.js"

const tcp = "BSD sockets for fibers, then 0 bytes"
const udp = "ping, pong"

describe("recipe: BSD sockets", { timeout: 60_000 }, () => {
  for (const [sockets, layer] of [
    ["native", NativeSockets.layer],
    ["portable", PortableSockets.layer]
  ] as const) {
    it.live(`SH-39 the same program (${sockets})`, () =>
      Effect.gen(function* () {
        const { value } = yield* printed(program)
        assert.deepStrictEqual(value, { tcp, udp })
      }).pipe(Effect.provide(layer))
    )
  }

  it.live("SH-39 runs over the best sockets there are, and over Node's (native) (portable)", () =>
    Effect.gen(function* () {
      const { code, left, stderr, stdout } = yield* run("sockets-echo")
      assert.strictEqual(stdout, `TCP: ${tcp}\nUDP: ${udp}\n`.repeat(2))
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )
})
