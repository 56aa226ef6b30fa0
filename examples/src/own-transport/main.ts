/**
 * A transport of one's own, here over `MessagePort`: a synchronous `Driver` (portDriver.ts), `Connection.make`, and the
 * conformance suite that shows that it keeps the laws of every connection. Ducts, messages and contracts come for free.
 *
 *   npm run build && node examples/dist/own-transport/main.js
 */
import { MessageDuct } from "@ductworks/message"
import { Conformance } from "@ductworks/testing"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { checks } from "./checks.js"
import { layer } from "./PortTransport.js"

const hello = Effect.gen(function* () {
  const [parent, child] = yield* MessageDuct.pair()
  yield* parent.send({ hello: "port" })
  yield* Console.log(`received ${JSON.stringify(yield* child.recv)}`)
}).pipe(Effect.scoped)

const main = Effect.gen(function* () {
  yield* hello
  const { passed, violations } = yield* Conformance.report(checks)
  for (const violation of violations) yield* Console.error(violation.message)
  yield* Console.log(`${passed.length} checks passed, ${violations.length} failed`)
  if (violations.length > 0) return yield* Effect.fail("the transport does not keep the laws")
})

NodeRuntime.runMain(main.pipe(Effect.provide(layer)))
