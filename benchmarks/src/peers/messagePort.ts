import { MessageChannel, parentPort, Worker, type MessagePort } from "node:worker_threads"
import { fileURLToPath } from "node:url"
import { message, small, eachSince, now, type Contender } from "../contender.js"
import { Laps } from "../figure.js"

/** What the thread does is said in its arguments. */
const startThread = async (work: string): Promise<MessagePort> => {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(fileURLToPath(import.meta.url), { argv: [work] })
  worker.unref()
  worker.postMessage(port2, [port2])
  await new Promise((resolve) => port1.once("message", resolve))
  return port1
}

/** A round trip between two threads. */
export const messagePortEcho: Contender = {
  measure: async () => {
    const port = await startThread("echo")
    return (count) =>
      new Promise((resolve) => {
        const laps = new Laps(count)
        port.removeAllListeners("message").on("message", (received: unknown) => {
          if (laps.lap()) resolve(laps.figure())
          else port.postMessage(received)
        })
        port.postMessage(message)
      })
  }
}

const oneWay = (value: unknown): Contender => ({
  measure: async () => {
    const port = await startThread("count")
    return async (count) => {
      const begun = now()
      const done = new Promise((resolve) => port.removeAllListeners("message").once("message", resolve))
      port.postMessage(count)
      for (let i = 0; i < count; i++) port.postMessage(value)
      await done
      return eachSince(begun, count)
    }
  }
})

/** Small messages one way between two threads. */
export const messagePortOneWay = oneWay(small)

/** The same with 64 bytes. */
export const messagePortBytes = oneWay(new Uint8Array(64))

// The thread's side.
parentPort?.once("message", (port: MessagePort) => {
  let left = 0
  port.on("message", (received: unknown) => {
    if (process.argv[2] === "echo") port.postMessage(received)
    else if (left === 0) left = Number(received)
    else if (--left === 0) port.postMessage("done")
  })
  port.postMessage("ready")
})
