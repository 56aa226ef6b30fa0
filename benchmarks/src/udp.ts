import type { ChildProcess } from "node:child_process"
import type { Round, Start } from "./contender.js"

/** UDP packets of 64 bytes. */
export const packetBytes = 64

/** What receivers ask the kernel for; it may give less. */
export const receiveBufferBytes = 4 * 1024 * 1024

/** What a receiver counts up as packets come. */
export interface Received {
  packets: number
}

/**
 * A round: the answering process sends `count` packets as fast as it can, and says when it is done. What arrived until
 * then, and what the kernel still held, counts; the rest was lost.
 */
export const countPackets = async (start: Start, port: number, received: Received): Promise<Round> => {
  const sender = start(String(port))
  await next(sender)
  return async (count) => {
    const begun = process.hrtime.bigint()
    const before = received.packets
    sender.send(count)
    await next(sender)
    await drained(received)
    const seconds = Number(process.hrtime.bigint() - begun) / 1e9
    const arrived = received.packets - before
    return { value: arrived / seconds, lost: 1 - arrived / count }
  }
}

/** The answering process: sends what it is told to over IPC. */
export const sendPackets = (send: (count: number) => Promise<void>): Promise<void> => {
  process.on("message", (count) => {
    void send(Number(count)).then(() => process.send?.("sent"))
  })
  process.send?.("ready")
  return new Promise((resolve) => process.once("disconnect", resolve))
}

const next = (sender: ChildProcess) => new Promise((resolve) => sender.once("message", resolve))

/** Turns of the event loop until one brings nothing. */
const drained = async (received: Received): Promise<void> => {
  let before
  do {
    before = received.packets
    await new Promise((resolve) => setImmediate(resolve))
  } while (received.packets !== before)
}
