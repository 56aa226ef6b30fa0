import net from "node:net"
import { eachSince, now, type Contender } from "../contender.js"
import { frame, framesOf } from "../handwritten.js"
import { closed, connectSocket } from "../netSockets.js"
import { freshPath } from "../paths.js"
import { batch, batchBytes, windowOf } from "./batches.js"

/**
 * What `manyDucts` does with `"apart"`, by hand on `node:net`: how much a message on one of a thousand sockets costs more
 * whatever is done with it, in the kernel, in libuv and in caches.
 */
export const manySockets = (width: number): Contender => ({
  measure: async (start) => {
    const path = freshPath()
    const server = net.createServer()
    const sockets: Array<net.Socket> = []
    await new Promise<void>((resolve) => server.listen(path, resolve))
    const all = new Promise<void>((resolve) => {
      server.on("connection", (socket) => {
        if (sockets.push(socket) === width) resolve()
      })
    })
    start(`${width} ${path}`)
    await all
    server.close()
    const [first] = sockets
    if (first === undefined) throw new Error("no socket")
    let onAnswer = () => {}
    first.on(
      "data",
      framesOf(() => onAnswer())
    )
    const answer = () => new Promise<void>((resolve) => (onAnswer = resolve))
    return async (count) => {
      const window = windowOf(width)
      const turns = Math.max(1, Math.round(count / batch.length / window)) * (window / width)
      const begun = now()
      const ready = answer()
      first.write(frame(turns * batch.length * width))
      await ready
      let sent = 0
      for (let turn = 0; turn < turns; turn++) {
        for (const socket of sockets) {
          const next = ++sent % window === 0 ? answer() : undefined
          socket.write(Buffer.concat(batch.map(frame)))
          if (next !== undefined) await next
        }
      }
      return eachSince(begun, turns * batch.length * width)
    }
  },
  answer: async (address) => {
    const [width = "", path = ""] = address.split(" ")
    const answerEach = windowOf(Number(width)) * batch.length
    let left = 0
    let first: net.Socket | undefined
    const receive = (message: unknown) => {
      if (left === 0) {
        left = Number(message)
        first?.write(frame("ready"))
      } else if (--left % answerEach === 0) {
        first?.write(frame("next"))
      }
    }
    // All reads land in the same memory.
    const buffer = Buffer.allocUnsafe(batchBytes)
    for (let i = 0; i < Number(width); i++) {
      const socket = await connectSocket(path, framesOf(receive), buffer)
      first ??= socket
    }
    if (first !== undefined) await closed(first)
  }
})
