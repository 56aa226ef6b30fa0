/**
 * An explicit Unix socket: the parent binds, the child connects before the parent listens.
 *
 *   npm run build && node examples/dist/ex02-unix/main.js
 */
import { Address } from "@ductworks/core"
import { NodeTransport } from "@ductworks/platform-node"
import { FileSystem } from "@effect/platform"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { program } from "./program.js"

const main = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped()
  return yield* program(Address.UnixAddress(`${folder}/example.sock`))
}).pipe(Effect.scoped)

NodeRuntime.runMain(main.pipe(Effect.provide(NodeTransport.layer), Effect.provide(NodeContext.layer)))
