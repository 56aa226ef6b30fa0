import type net from "node:net"
import { now } from "./contender.js"
import { closed, connectSocket } from "./netSockets.js"
import { askFor, asked } from "./oneWay.js"

/** Hands the next `items` of a round to the socket; whether it takes more. */
export type Write = (socket: net.Socket, items: number) => boolean

/** One round: says how many items come, writes them `batch` at a time, and waits for the acknowledgement. When it began. */
export const sendRound = (socket: net.Socket, count: number, batch: number, write: Write): Promise<bigint> =>
  new Promise((resolve) => {
    const begun = now()
    socket.once("data", () => resolve(begun))
    socket.write(askFor(count))
    let left = count
    const go = () => {
      while (left > 0) {
        const items = Math.min(left, batch)
        left -= items
        if (!write(socket, items)) return void socket.once("drain", go)
      }
    }
    go()
  })

/** The answering process: acknowledges each round once all its bytes are here. */
export const acknowledgeRounds = async (path: string, bytesEach: number): Promise<void> => {
  let left = 0
  const socket = await connectSocket(path, (bytes) => {
    // The number was written first, and alone: it begins a read.
    left = left === 0 ? asked(bytes) * bytesEach - (bytes.length - 4) : left - bytes.length
    if (left === 0) socket.write("!")
  })
  await closed(socket)
}
