import { rateSince, type Contender } from "../contender.js"
import { acknowledgeRounds, sendRound } from "../netOneWay.js"
import { acceptSocket } from "../netSockets.js"

/**
 * Messages of `size` bytes one way on `node:net`, into one reused buffer. The answering process is the one that receives,
 * since only who connects can set `onread`. Small ones are written as they are, which is what a batch is made of.
 */
export const netBytesOneWay = (size: number): Contender => ({
  measure: async (start) => {
    const socket = await acceptSocket(start)
    const payload = Buffer.alloc(size)
    return async (count) => rateSince(await sendRound(socket, count, 1, () => socket.write(payload)), count * size)
  },
  answer: (path) => acknowledgeRounds(path, size)
})
