/** A child that crashes after every second answer. */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Stream } from "effect"
import { Squares } from "./contract.js"

const child = Effect.gen(function* () {
  const duct = yield* Squares.Child
  let answers = 0
  yield* Stream.runForEach(duct.stream, (n) =>
    Effect.gen(function* () {
      yield* duct.send(n * n)
      answers += 1
      if (answers < 2) return
      yield* duct.flush
      process.kill(process.pid, "SIGKILL")
    })
  )
})

NodeRuntime.runMain(child.pipe(Effect.provide(Squares.layerChild().pipe(Layer.provide(NodeTransport.layer)))))
