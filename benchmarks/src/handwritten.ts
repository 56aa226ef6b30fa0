import type net from "node:net"
import type { Start } from "./contender.js"
import { acceptSocket, connectSocket } from "./netSockets.js"

/**
 * The baseline: what one would write by hand on `node:net` for the same frames (0x54, length, JSON), without anything
 * else: no limits, no errors, no back-pressure, no interruption.
 */
export interface Peer {
  readonly socket: net.Socket
  readonly send: (message: unknown) => void
  onMessage: (message: unknown) => void
}

export const acceptPeer = async (start: Start): Promise<Peer> => {
  const peer = peerOf(await acceptSocket(start))
  peer.socket.on(
    "data",
    framesOf((message) => peer.onMessage(message))
  )
  return peer
}

export const connectPeer = async (path: string): Promise<Peer> => {
  const socket = await connectSocket(
    path,
    framesOf((message) => peer.onMessage(message))
  )
  const peer = peerOf(socket)
  return peer
}

export const frame = (message: unknown): Buffer => {
  const text = JSON.stringify(message)
  const length = Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafe(5 + length)
  bytes[0] = 0x54
  bytes.writeUInt32BE(length, 1)
  bytes.write(text, 5)
  return bytes
}

const peerOf = (socket: net.Socket): Peer => ({
  socket,
  send: (message) => socket.write(frame(message)),
  onMessage: () => {}
})

/** Takes bytes as they come and gives the messages in them. */
const framesOf = (deliver: (message: unknown) => void): ((bytes: Buffer) => void) => {
  let held: Buffer = Buffer.alloc(0)
  return (bytes) => {
    let data = held.length === 0 ? bytes : Buffer.concat([held, bytes])
    while (data.length >= 5) {
      const end = 5 + data.readUInt32BE(1)
      if (data.length < end) break
      deliver(JSON.parse(data.toString("utf8", 5, end)))
      data = data.subarray(end)
    }
    held = data.length === 0 ? data : Buffer.from(data)
  }
}
