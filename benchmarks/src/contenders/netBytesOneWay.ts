import { rateSince, type Contender } from "../contender.js"
import { acknowledgeRounds, sendRound } from "../netOneWay.js"
import { acceptSocket } from "../netSockets.js"
import { MiB } from "../oneWay.js"

/**
 * 1 MiB one way on `node:net`, into one reused buffer. The answering process is the one that receives, since only who
 * connects can set `onread`.
 */
export const netBytesOneWay: Contender = {
  measure: async (start) => {
    const socket = await acceptSocket(start)
    const payload = Buffer.alloc(MiB)
    return async (count) => rateSince(await sendRound(socket, count, 1, () => socket.write(payload)), count * MiB)
  },
  answer: (path) => acknowledgeRounds(path, MiB)
}
