import { Contract } from "@ductworks/message"
import { NodeChild } from "@ductworks/platform-node"
import { Command } from "@effect/platform"
import { Effect, Schema } from "effect"

/** Anything that JSON can say, and the same back. */
class Echo extends Contract.make("ex05/Echo", { toChild: Schema.Unknown, toParent: Schema.Unknown }) {}

/** The same conversation with a child that finds its address in the environment: a socket that it inherited. */
export const inherited = (interpreter: string, script: ReadonlyArray<string>, options?: NodeChild.SpawnOptions) =>
  Effect.gen(function* () {
    const child = yield* NodeChild.spawn(Echo, Command.make(interpreter, ...script), options)
    let echoes = 0
    for (let n = 0; n < 100; n++) {
      yield* child.send("pingpong")
      echoes += (yield* child.recv) === "pingpong" ? 1 : 0
    }
    yield* child.send(null)
    const { code } = yield* child.exit
    return { echoes, exitCode: code }
  }).pipe(Effect.scoped)
