/** Sends back what it receives, until it receives null. The address is its argument, or in the environment. */
import { Address } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"

const child = Effect.gen(function* () {
  const address = yield* Address.fromString(process.argv[2] ?? process.env["DUCTWORKS_ADDRESS"] ?? "")
  const duct = yield* MessageDuct.child({ address })
  yield* duct.connect()
  while (true) {
    if (!(yield* duct.poll("1 second"))) continue
    const message = yield* duct.recv
    if (message === null) return
    yield* duct.send(message)
  }
}).pipe(Effect.scoped)

NodeRuntime.runMain(child.pipe(Effect.provide(NodeTransport.layer)))
