import { readFileSync } from "node:fs"
import type { Contender } from "../contender.js"
import { collectGarbage } from "../garbage.js"
import { obey, tcpClients } from "./peerClients.js"
import { servers } from "./peerServers.js"

/** What a process takes. */
export type Memory = "heap and external" | "resident"

const taken: Record<Memory, () => number> = {
  "heap and external": () => {
    const { external, heapUsed } = process.memoryUsage()
    return heapUsed + external
  },
  // Not of memoryUsage(): what is shared with other processes, as the program itself, is none of the peers' business.
  resident: () => 4096 * Number(readFileSync("/proc/self/statm", "utf8").split(" ")[1])
}

const settled = async (memory: Memory): Promise<number> => {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    collectGarbage()
  }
  return taken[memory]()
}

/** Peers that are there before the first look: they pay for what all share, and for pages that come and go. */
const before = 1000

/** Bytes that a server takes for each TCP peer that is connected, was never sent to, and never spoke. */
export const peerIdle = (server: keyof typeof servers, memory: Memory): Contender => ({
  measure: async (start) => {
    const { port, size } = await servers[server]()
    const child = start(String(port))
    const told = () => new Promise((resolve) => child.once("message", resolve))
    const more = async (count: number) => {
      const wanted = size() + count
      child.send(count)
      await told()
      while (size() < wanted) await new Promise((resolve) => setImmediate(resolve))
      return settled(memory)
    }
    await told()
    return async (count) => {
      const first = await more(before)
      return { value: ((await more(count)) - first) / count }
    }
  },
  answer: (port) =>
    obey((count) => void tcpClients(Number(port), count, () => {}).then(() => process.send?.("connected")))
})
