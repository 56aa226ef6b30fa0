import { RawDuct } from "@ductworks/core"
import { MessageDuct, Serializer } from "@ductworks/message"
import { ThreadTransport } from "@ductworks/platform-node"
import { Effect, Scope } from "effect"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { eachSince, message, now, type Contender } from "../contender.js"
import { Laps } from "../figure.js"
import { askFor } from "../oneWay.js"

/** Starts the other thread; the duct to it lives as long as this process. */
const startThread = (work: "echo" | "count", busyPollMillis = 0) =>
  Effect.gen(function* () {
    const [here, there] = ThreadTransport.channel()
    const script = fileURLToPath(new URL("../threadPeer.js", import.meta.url))
    const worker = new Worker(script, {
      argv: [work, String(busyPollMillis)],
      workerData: there,
      transferList: [there.port]
    })
    worker.unref()
    const options = { busyPoll: busyPollMillis }
    return RawDuct.fromConnection(yield* Scope.extend(ThreadTransport.connection(here, options), yield* Scope.make()))
  })

/** A round trip of JSON between two threads, in shared memory. */
export const threadEcho = (busyPollMillis?: number): Contender => ({
  measure: async () => {
    const duct = await Effect.runPromise(
      Effect.flatMap(startThread("echo", busyPollMillis), (raw) => MessageDuct.fromRaw(raw))
    )
    return (count) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const laps = new Laps(count)
          do {
            yield* duct.send(message)
            yield* duct.recv
          } while (!laps.lap())
          return laps.figure()
        })
      )
  }
})

const bytes = new Uint8Array(64)

const repeat = function* (count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield bytes
}

/** 64-byte messages one way between two threads. */
export const threadOneWay: Contender = {
  measure: async () => {
    const duct = await Effect.runPromise(
      Effect.flatMap(startThread("count"), (raw) => MessageDuct.fromRaw(raw, { serializer: Serializer.bytes }))
    )
    const round = (count: number) =>
      Effect.gen(function* () {
        const begun = now()
        yield* duct.send(askFor(count))
        yield* duct.sendAll(repeat(count))
        yield* duct.recv
        return eachSince(begun, count)
      })
    return (count) => Effect.runPromise(round(count))
  }
}
