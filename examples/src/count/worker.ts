/** A worker process of main.ts: it counts the files it is sent, until its duct ends. */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Stream } from "effect"
import { Counting, Unreadable } from "./contract.js"
import { tally } from "./tally.js"

const problem = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const worker = Effect.gen(function* () {
  const duct = yield* Counting.Child
  yield* duct.stream.pipe(
    Stream.mapEffect(({ path }) =>
      Effect.tryPromise({ try: () => tally(path), catch: (cause) => new Unreadable({ problem: problem(cause) }) }).pipe(
        Effect.merge
      )
    ),
    Stream.runForEach(duct.send)
  )
})

NodeRuntime.runMain(worker.pipe(Effect.provide(Counting.layerChild().pipe(Layer.provide(NodeTransport.layer)))))
