// The other thread of the ducts over shared memory: node threadPeer.js <work>, with its end of the channel.
import { RawDuct } from "@ductworks/core"
import { MessageDuct, Serializer } from "@ductworks/message"
import { ThreadTransport } from "@ductworks/platform-node"
import { Effect, Stream } from "effect"
import { workerData } from "node:worker_threads"

const end: unknown = workerData
if (!ThreadTransport.isThreadEnd(end)) throw new Error("no end of a channel was given")
const [, , work, spin = "0"] = process.argv
const busyPoll = Number(spin)

const program = Effect.gen(function* () {
  const raw = RawDuct.fromConnection(yield* ThreadTransport.connection(end, { busyPoll }))
  if (work === "echo") {
    const duct = yield* MessageDuct.fromRaw(raw)
    while (true) yield* duct.send(yield* duct.recv)
  }
  const duct = yield* MessageDuct.fromRaw(raw, { serializer: Serializer.bytes })
  let left = 0
  yield* Stream.runForEachChunk(duct.stream, (messages) => {
    let done = false
    for (const message of messages) {
      if (left === 0) left = Buffer.from(message).readUInt32LE()
      else if (--left === 0) done = true
    }
    return done ? duct.send(new Uint8Array(1)) : Effect.void
  })
})

await Effect.runPromise(Effect.ignore(Effect.scoped(program)))
