import { Contract, MessageError } from "@ductworks/message"
import { NodeChild } from "@ductworks/platform-node"
import { Command } from "@effect/platform"
import { Context, Effect, Layer, Schema } from "effect"
import { fileURLToPath } from "node:url"

/** What goes between this process and the one that does the work. */
export class Digesting extends Contract.make("dependency-injection/Digesting", {
  toChild: Schema.String,
  toParent: Schema.String
}) {}

/** The service that the application asks for. It does not say where the work is done. */
export class Digest extends Context.Tag("dependency-injection/Digest")<
  Digest,
  { readonly sha256: (text: string) => Effect.Effect<string, MessageError.SendError | MessageError.RecvError> }
>() {}

/** Over the contract's end. Callers may be concurrent: one question and its answer at a time. */
export const layer = Layer.effect(
  Digest,
  Effect.gen(function* () {
    const duct = yield* Digesting.Parent
    const turn = yield* Effect.makeSemaphore(1)
    return { sha256: (text) => Effect.zipRight(duct.send(text), duct.recv).pipe(turn.withPermits(1)) }
  })
)

const command = Command.make(process.execPath, fileURLToPath(new URL("./child.js", import.meta.url)))

/** With a process that lives as long as the layer. */
export const layerProcess = Layer.provide(layer, NodeChild.layerParent(Digesting, command))
