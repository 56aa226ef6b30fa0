import { message, type Contender } from "../contender.js"
import { Laps } from "../figure.js"
import { acceptPeer, connectPeer } from "../handwritten.js"
import { closed } from "../netSockets.js"

/** A round trip of JSON, on `node:net`. */
export const netEcho: Contender = {
  measure: async (start) => {
    const peer = await acceptPeer(start)
    return (count) =>
      new Promise((resolve) => {
        const laps = new Laps(count)
        peer.onMessage = (received) => {
          if (laps.lap()) resolve(laps.figure())
          else peer.send(received)
        }
        peer.send(message)
      })
  },
  answer: async (path) => {
    const peer = await connectPeer(path)
    peer.onMessage = (received) => peer.send(received)
    await closed(peer.socket)
  }
}
