/** One of many: it finds the parent's address in its environment, DUCTWORKS_ADDRESS. */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer } from "effect"
import { Lengths } from "./contract.js"

const child = Effect.gen(function* () {
  const duct = yield* Lengths.Child
  yield* duct.send({ _tag: "Hello", name: process.argv[2] ?? "nobody" })
  const { word } = yield* duct.recv
  yield* duct.send({ _tag: "Length", length: word.length })
})

NodeRuntime.runMain(child.pipe(Effect.provide(Lengths.layerChild().pipe(Layer.provide(NodeTransport.layer)))))
