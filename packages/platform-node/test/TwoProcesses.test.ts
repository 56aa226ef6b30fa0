import { Address } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { report, runFixture } from "./fixtures/programs.js"
import { Report, serializer, talk } from "./fixtures/talk.js"

const kinds = [
  ["unix", {}],
  ["tcp", { address: Address.TcpAddress("127.0.0.1", 0) }]
] as const

const count = 400

describe("two processes that talk at once, in every way", () => {
  for (const [kind, options] of kinds) {
    for (const seed of [1, 20, 300]) {
      it.scopedLive(`law 1 law 5 law 6 hear all that was said, in order: seed ${seed} (${kind})`, () =>
        Effect.gen(function* () {
          const duct = yield* MessageDuct.parent({ ...options, serializer })
          const address = Address.format(yield* duct.bind())
          const child = yield* runFixture("talker", [address, `${seed + 2}`, `${count}`])
          assert.isTrue(yield* duct.listen("10 seconds"))
          const ours = yield* talk(duct, seed, count)
          const theirs = yield* report(child, Report.fields)
          assert.deepStrictEqual(ours, { sent: ours.sent, heard: theirs.sent })
          assert.deepStrictEqual(theirs, { sent: theirs.sent, heard: ours.sent })
        }).pipe(Effect.provide(NodeTransport.layer))
      )
    }
  }
})
