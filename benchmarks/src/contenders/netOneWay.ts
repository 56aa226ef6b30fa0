import { eachSince, now, small, type Contender } from "../contender.js"
import { acceptPeer, connectPeer, frame } from "../handwritten.js"
import { closed } from "../netSockets.js"

/** Small JSON messages one way, on `node:net`: as many as fit are written as one buffer. */
export const netOneWay: Contender = {
  measure: async (start) => {
    const peer = await acceptPeer(start)
    return (count) =>
      new Promise((resolve) => {
        const begun = now()
        peer.onMessage = () => resolve(eachSince(begun, count))
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
    const peer = await connectPeer(path)
    let left = 0
    peer.onMessage = (received) => {
      if (left === 0) left = Number(received)
      else if (--left === 0) peer.send("done")
    }
    await closed(peer.socket)
  }
}
