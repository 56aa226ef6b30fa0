/**
 * A hive and eight worker processes, with heartbeats. One of them is killed in the middle of its work: the hive notices,
 * and its piece is done by another one, so that each counts once.
 *
 *   npm run build && node examples/dist/swarm/main.js            it is killed (SIGKILL): its connection ends
 *   npm run build && node examples/dist/swarm/main.js SIGSTOP    it only stops: its heartbeats do
 */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import { Command, type CommandExecutor } from "@effect/platform"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer } from "effect"
import { fileURLToPath } from "node:url"
import { count } from "./hive.js"

const script = fileURLToPath(new URL("./worker.js", import.meta.url))
const names = Array.from({ length: 8 }, (_, i) => `worker ${i + 1}`)
const [, , accident = "SIGKILL"] = process.argv

const transport = Layer.provide(NodePeers.layerServer(), NodeTransport.layer)

const main = Effect.gen(function* () {
  const processes = new Map<string, CommandExecutor.Process>()

  const start = (endpoint: string, name: string) =>
    Command.make(process.execPath, script, endpoint, name, ...(name === "worker 3" ? [accident] : [])).pipe(
      Command.stderr("inherit"),
      Command.start,
      Effect.map((worker) => processes.set(name, worker))
    )
  // Who was taken for dead must not come back.
  const bury = (name: string) => Effect.ignore(processes.get(name)?.kill("SIGKILL") ?? Effect.void)

  const { primes, shares } = yield* count(1_000_000, 40, { names, start, bury }).pipe(Effect.provide(transport))
  yield* Console.log(`${primes} primes below a million`)
  yield* Console.log(`pieces done: ${names.map((name, i) => `${name}: ${shares[i]}`).join(", ")}`)

  const ends = yield* Effect.forEach([...processes.values()], ({ exitCode }) => Effect.option(exitCode))
  yield* Console.log(
    `${ends.filter((code) => code._tag === "Some" && code.value === 0).length} workers ended by themselves`
  )
})

NodeRuntime.runMain(main.pipe(Effect.scoped, Effect.provide(NodeContext.layer)))
