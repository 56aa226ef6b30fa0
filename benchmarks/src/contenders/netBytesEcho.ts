import type net from "node:net"
import type { Contender } from "../contender.js"
import { Laps } from "../figure.js"
import { acceptSocket, closed, connectPlainSocket, connectSocket } from "../netSockets.js"

const small = 64

/** With the header of a frame. */
const large = 64 * 1024 + 5

type Connect = (path: string, deliver: (bytes: Buffer) => void) => Promise<net.Socket>

/** When what is to be written is written. */
type Leave = (write: () => void) => void

/** A round trip of bytes, on `node:net`. */
export const bytesEcho = (connect: Connect, leave: Leave = (write) => write(), size = small): Contender => ({
  measure: async (start) => {
    const socket = await acceptSocket(start)
    const message = Buffer.alloc(size, 7)
    let arrived = 0
    let onTrip = () => {}
    socket.on("data", (bytes) => {
      arrived += bytes.length
      if (arrived % size === 0) onTrip()
    })
    return (count) =>
      new Promise((resolve) => {
        const laps = new Laps(count)
        onTrip = () => {
          if (laps.lap()) resolve(laps.figure())
          else leave(() => socket.write(message))
        }
        socket.write(message)
      })
  },
  answer: async (path) => {
    // Written before the next read can overwrite it: the other side sends nothing in between.
    const socket = await connect(path, (bytes) => leave(() => socket.write(bytes)))
    await closed(socket)
  }
})

export const netBytesEcho = bytesEcho(connectPlainSocket)

export const netLargeEcho = bytesEcho(connectPlainSocket, undefined, large)

/** With the fastest documented way to read, where there is one: in the process that connects. */
export const netOnreadBytesEcho = bytesEcho(connectSocket)
