/** Hashes what it is sent, until its duct ends. */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Stream } from "effect"
import { createHash } from "node:crypto"
import { Digesting } from "./Digest.js"

const child = Effect.gen(function* () {
  const duct = yield* Digesting.Child
  yield* duct.stream.pipe(
    Stream.map((text) => createHash("sha256").update(text).digest("hex")),
    Stream.run(duct.sink)
  )
})

NodeRuntime.runMain(child.pipe(Effect.provide(Digesting.layerChild().pipe(Layer.provide(NodeTransport.layer)))))
