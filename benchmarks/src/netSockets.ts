import net from "node:net"
import type { Start } from "./contender.js"
import { freshPath } from "./paths.js"

/** Listens, starts the answering process, and accepts it. A server cannot set `onread` on what it accepts. */
export const acceptSocket = async (start: Start): Promise<net.Socket> => {
  const path = freshPath()
  const server = net.createServer()
  const accepted = new Promise<net.Socket>((resolve) => {
    server.once("connection", (socket) => {
      server.close()
      resolve(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  start(path)
  return accepted
}

/** Connects with the fastest documented way to read. What is delivered is only lent. */
export const connectSocket = (
  path: string,
  deliver: (bytes: Buffer) => void,
  buffer = Buffer.allocUnsafe(256 * 1024)
): Promise<net.Socket> =>
  connected(
    net.connect({
      path,
      onread: {
        buffer,
        callback: (size, { buffer, byteOffset }) => {
          deliver(Buffer.from(buffer, byteOffset, size))
          return true
        }
      }
    })
  )

/** Connects with the way to read that most use. */
export const connectPlainSocket = async (path: string, deliver: (bytes: Buffer) => void): Promise<net.Socket> =>
  (await connected(net.connect({ path }))).on("data", deliver)

export const closed = (socket: net.Socket): Promise<void> =>
  new Promise((resolve) => socket.once("close", () => resolve()))

const connected = (socket: net.Socket): Promise<net.Socket> =>
  new Promise((resolve, reject) => socket.once("connect", () => resolve(socket)).once("error", reject))
