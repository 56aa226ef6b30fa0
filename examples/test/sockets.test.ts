import { NativeSockets, PortableSockets } from "@ductworks/sockets"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { program } from "../src/sockets-echo/program.js"
import { printed } from "./support/printed.js"
import { run } from "./support/run.js"

const tcp = "BSD sockets for fibers, then 0 bytes"
const udp = "ping, pong"

const ends = (name: string, ...lines: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { code, left, stderr, stdout } = yield* run(name)
    assert.deepStrictEqual(stdout.trimEnd().split("\n"), lines)
    assert.deepStrictEqual([code, stderr, left], [0, "", []])
  })

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

  it.live("datagrams: UDP segments, multicast, Unix datagrams, packets in order (native)", () =>
    ends(
      "sockets-datagrams",
      "UDP segments: 1280 bytes sent, 1280 received in segments of 64",
      "multicast: hello, group",
      "Unix datagrams: one, two",
      "packets in order: a packet, and another"
    )
  )

  it.live("SH-2 SH-14 SH-33 descriptors: a pair, an inherited end, a file that is sent, a duplicate (native)", () =>
    ends("sockets-descriptors", "a file that is gone: a secret (from uid mine)")
  )

  it.live("ducts over native sockets, or those of Node (native)", () =>
    Effect.gen(function* () {
      const { code, left, stderr } = yield* run("native-duct")
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )
})
