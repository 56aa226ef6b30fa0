/** What one would write by hand for the packets of the peer sockets' cases, without limits, time-outs or errors. */
import dgram from "node:dgram"
import net from "node:net"
import { text } from "./peerClients.js"
import type { Server } from "./peerServers.js"

/** Answers each message with itself. */
export const byHandOverTcp = async (): Promise<Server> => {
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on(
      "data",
      framesOf((message) => socket.write(framed(message)))
    )
    socket.on("error", () => {})
    socket.on("close", () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 511 }, resolve))
  const address = server.address()
  return {
    port: address === null || typeof address === "string" ? 0 : address.port,
    size: () => sockets.size,
    broadcast: () => {
      const bytes = framed(["say", text])
      for (const socket of sockets) socket.write(bytes)
      return Promise.resolve()
    }
  }
}

/** Answers the bytes with themselves: it reads no JSON. */
export const byHandOverUdp = async (): Promise<Server> => {
  const socket = dgram.createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 })
  socket.on("message", (packet, { address, port }) => socket.send(packet, port, address))
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve))
  return { port: socket.address().port, size: () => 0, broadcast: () => Promise.resolve() }
}

const framed = (message: unknown): Buffer => {
  const body = JSON.stringify(message)
  const length = Buffer.byteLength(body)
  const bytes = Buffer.allocUnsafe(4 + length)
  bytes.writeUInt32BE(length)
  bytes.write(body, 4)
  return bytes
}

const framesOf = (deliver: (message: unknown) => void) => {
  let held: Buffer = Buffer.alloc(0)
  return (bytes: Buffer) => {
    let data = held.length === 0 ? bytes : Buffer.concat([held, bytes])
    while (data.length >= 4) {
      const end = 4 + data.readUInt32BE(0)
      if (data.length < end) break
      deliver(JSON.parse(data.toString("utf8", 4, end)))
      data = data.subarray(end)
    }
    held = data.length === 0 ? data : Buffer.from(data)
  }
}
