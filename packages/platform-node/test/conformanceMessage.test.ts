import { Address } from "@ductworks/core"
import { Transport } from "@ductworks/core/Transport"
import { MessageDuct, Serializer } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import { checkMessageDuct, type CheckMessageDuctOptions } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { fixture, report, run } from "./fixtures/programs.js"

const conforms = (transport: string, options: CheckMessageDuctOptions) =>
  describe(`message ducts over ${transport}`, () => {
    for (const check of checkMessageDuct(options)) {
      it.live(`DW-42 law ${check.law}: ${check.name} (${transport})`, () =>
        Effect.provide(check.run, NodeTransport.layer)
      )
    }
  })

conforms("unix", {})

conforms("tcp", {
  // The kernel's own buffers for TCP grow to several MiB a connection (net.ipv4.tcp_rmem, tcp_wmem).
  maxAcceptedBytes: 16 * 1024 * 1024,
  connected: (left, right, options) =>
    Effect.gen(function* () {
      const format = { ...options, serializer: Serializer.json() }
      const parent = yield* MessageDuct.parent({ ...format, address: Address.TcpAddress("127.0.0.1", 0) }).pipe(
        Scope.extend(right)
      )
      yield* parent.bind()
      const address = yield* parent.listenerAddress
      const child = yield* MessageDuct.child({ ...format, address }).pipe(Scope.extend(left))
      yield* child.connect()
      assert.isTrue(yield* parent.listen())
      return [child, parent] as const
    })
})

it.scopedLive("DW-42 message ducts over inherited descriptors obey the laws of every message duct (fd)", () =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const scope = yield* Effect.scope
    // Both ends go to the program: kept open here, they would keep each other from ending there.
    const program = yield* Effect.scoped(
      Effect.gen(function* () {
        const pairs = yield* Effect.replicateEffect(transport.pair(), 120)
        const fds = pairs.flat().map(({ fileno }) => Option.getOrThrow(fileno))
        const stdio = ["ignore", "pipe", "inherit", ...fds] as const
        return yield* Scope.extend(run(process.execPath, [fixture("conformanceMessage")], { stdio: [...stdio] }), scope)
      })
    )
    const { passed, violations } = yield* report(program, {
      passed: Schema.Number,
      violations: Schema.Array(Schema.String)
    })
    assert.deepStrictEqual(violations, [])
    assert.isAbove(passed, 15)
  }).pipe(Effect.provide(NodeTransport.layer))
)
