import { now, since, small, type Contender } from "../contender.js"
import { startAnswerer } from "../answerer.js"
import { acceptOne, frame, Peer } from "../handwritten.js"
import { freshPath } from "../paths.js"

/** Small JSON messages one way, on `node:net`: as many as fit are written as one buffer. */
export const netOneWay: Contender = {
  measure: async () => {
    const path = freshPath()
    const { accepted, listening } = acceptOne(path)
    await listening
    startAnswerer("net one way", path)
    const peer = await accepted
    return (count) =>
      new Promise((resolve) => {
        const start = now()
        peer.onMessage = () => resolve(since(start) / count)
        peer.send(count)
        let left = count
        const write = () => {
          while (left > 0) {
            const batch = Math.min(left, 700)
            left -= batch
            const frames = Array.from({ length: batch }, () => frame(small))
            if (!peer.socket.write(Buffer.concat(frames))) {
              peer.socket.once("drain", write)
              return
            }
          }
        }
        write()
      })
  },
  answer: async (path) => {
    const peer = await Peer.connect(path)
    let left = 0
    peer.onMessage = (received) => {
      if (left === 0) left = Number(received)
      else if (--left === 0) peer.send("done")
    }
    await new Promise((resolve) => peer.socket.once("close", resolve))
  }
}
