import { now, rateSince, type Contender } from "../contender.js"
import { acceptSocket, closed, connectSocket } from "../netSockets.js"
import { askFor, asked, MiB } from "../oneWay.js"

/**
 * 1 MiB one way on `node:net`, into one reused buffer. The answering process is the one that receives, since only who
 * connects can set `onread`; it acknowledges each round.
 */
export const netBytesOneWay: Contender = {
  measure: async (start) => {
    const socket = await acceptSocket(start)
    const payload = Buffer.alloc(MiB)
    return (count) =>
      new Promise((resolve) => {
        const begun = now()
        socket.once("data", () => resolve(rateSince(begun, count * MiB)))
        socket.write(askFor(count))
        let left = count
        const write = () => {
          while (left-- > 0) {
            if (!socket.write(payload)) return void socket.once("drain", write)
          }
        }
        write()
      })
  },
  answer: async (path) => {
    let left = 0
    const socket = await connectSocket(path, (bytes) => {
      // The count comes in a read of its own or begins one: it was written first.
      left = left === 0 ? asked(bytes) * MiB - (bytes.length - 4) : left - bytes.length
      if (left === 0) socket.write("!")
    })
    await closed(socket)
  }
}
