import type { Contender } from "../contender.js"
import { countWith, tcpClients } from "./peerClients.js"
import { servers } from "./peerServers.js"

/** Broadcasts of which the clients tell together, and how many of those may be on the way. */
const step = 8
const ahead = 2

/**
 * A message to `width` TCP clients in another process, which count: packets a second that arrived. One broadcast each
 * turn of the event loop, as long as no more than two dozen are on the way.
 */
export const peerBroadcast = (server: keyof typeof servers, width: number): Contender => ({
  measure: async (start) => {
    const { broadcast, port, size } = await servers[server]()
    const child = start(String(port))
    let counted = 0
    let look = () => {}
    await new Promise((resolve) => child.once("message", resolve))
    child.on("message", () => {
      counted++
      look()
    })
    const reaches = (steps: number) =>
      new Promise<void>((resolve) => {
        look = () => counted >= steps && resolve()
        look()
      })
    await turnsUntil(() => size() === width)
    return async (count) => {
      const last = counted + Math.max(1, Math.round(count / width / step))
      const begun = process.hrtime.bigint()
      const before = counted
      for (let sent = counted; sent < last; sent++) {
        await reaches(sent - ahead)
        for (let i = 0; i < step; i++) {
          await broadcast()
          await turn()
        }
      }
      await reaches(last)
      const seconds = Number(process.hrtime.bigint() - begun) / 1e9
      return { value: ((last - before) * step * width) / seconds }
    }
  },
  answer: (port) => countWith(tcpClients, Number(port), width, step * width)
})

const turn = () => new Promise((resolve) => setImmediate(resolve))

const turnsUntil = async (isSo: () => boolean) => {
  while (!isSo()) await turn()
}
