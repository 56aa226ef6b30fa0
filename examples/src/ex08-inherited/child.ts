/** The other process: descriptor 3 is its copy of the parent's end, descriptor 4 its copy of the child's. */
import { Address } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { closeSync } from "node:fs"

const program = Effect.gen(function* () {
  closeSync(3)
  yield* Console.log("other: closed its parent end, and waits")
  yield* Effect.sleep("500 millis")

  const duct = yield* MessageDuct.child({ address: Address.FdAddress(4) })
  yield* duct.connect()
  yield* duct.send("hello world")
  yield* Console.log('other: sent "hello world", and closes')
  yield* duct.close()
}).pipe(Effect.scoped)

NodeRuntime.runMain(program.pipe(Effect.provide(NodeTransport.layer)))
