import type net from "node:net"
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from "vscode-jsonrpc/node"
import { acceptSocket, closed, connectPlainSocket } from "../netSockets.js"
import type { Channel, Peer } from "./channel.js"

const method = "value"

const channelOf = (socket: net.Socket): Channel => {
  const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket))
  const send = (value: unknown) => void connection.sendNotification(method, [value])
  const channel: Channel = {
    send,
    sendMany: async (count, value) => {
      for (let i = 1; i < count; i++) send(value)
      await connection.sendNotification(method, [value])
    },
    onMessage: () => {},
    closed: closed(socket)
  }
  connection.onNotification(method, (value: unknown) => channel.onMessage(value))
  connection.listen()
  return channel
}

/** vscode-jsonrpc: notifications over a Unix socket. */
export const jsonRpc: Peer = {
  accept: async (start) => channelOf(await acceptSocket(start)),
  connect: async (path) => channelOf(await connectPlainSocket(path, () => {}))
}
