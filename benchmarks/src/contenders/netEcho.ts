import { message, now, since, type Contender } from "../contender.js"
import { startAnswerer } from "../answerer.js"
import { acceptOne, Peer } from "../handwritten.js"
import { freshPath } from "../paths.js"

/** A round trip of JSON, on `node:net`. */
export const netEcho: Contender = {
  measure: async () => {
    const path = freshPath()
    const { accepted, listening } = acceptOne(path)
    await listening
    startAnswerer("net echo", path)
    const peer = await accepted
    return (count) =>
      new Promise((resolve) => {
        const start = now()
        let left = count
        peer.onMessage = (received) => {
          if (--left === 0) resolve(since(start) / count)
          else peer.send(received)
        }
        peer.send(message)
      })
  },
  answer: async (path) => {
    const peer = await Peer.connect(path)
    peer.onMessage = (received) => peer.send(received)
    await new Promise((resolve) => peer.socket.once("close", resolve))
  }
}
