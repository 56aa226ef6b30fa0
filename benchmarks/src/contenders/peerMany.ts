import type { Contender } from "../contender.js"
import { echoWith, tcpClients, udpClients } from "./peerClients.js"
import { servers } from "./peerServers.js"

/** Messages that are on the way: fewer than peers, so that ten have no more in one read than ten thousand. */
const window = 8

/**
 * One server echoes 100-byte messages of `width` clients, which send in turn: CPU time of the server's process for each,
 * the kernel's part of it included. (The time on the clock would tell more of the clients, which are the same for all.)
 */
export const peerMany = (server: keyof typeof servers, width: number): Contender => ({
  measure: async (start) => {
    const { port } = await servers[server]()
    const child = start(String(port))
    const told = () => new Promise((resolve) => child.once("message", resolve))
    await told()
    return async (count) => {
      const before = process.cpuUsage()
      const done = told()
      child.send(count)
      await done
      const { system, user } = process.cpuUsage(before)
      return { value: (1000 * (system + user)) / count }
    }
  },
  answer: (port) => echoWith(server.endsWith("UDP") ? udpClients : tcpClients, Number(port), width, window)
})
