import http from "node:http"
import { WebSocket, WebSocketServer } from "ws"
import { freshPath } from "../paths.js"
import { repeatedly, type Channel, type Peer } from "./channel.js"

const channelOf = (socket: WebSocket): Channel => {
  const send = (value: unknown) => socket.send(JSON.stringify(value))
  const channel: Channel = {
    send,
    sendMany: repeatedly(send),
    onMessage: () => {},
    closed: new Promise((resolve) => socket.once("close", resolve))
  }
  socket.on("message", (data) => channel.onMessage(JSON.parse(Buffer.isBuffer(data) ? data.toString() : "null")))
  return channel
}

/** The package ws over a Unix socket, without compression. */
export const webSocket: Peer = {
  accept: async (start) => {
    const path = freshPath()
    const server = http.createServer()
    const sockets = new WebSocketServer({ server, perMessageDeflate: false })
    const accepted = new Promise<WebSocket>((resolve) => sockets.once("connection", resolve))
    await new Promise<void>((resolve) => server.listen(path, resolve))
    start(path)
    return channelOf(await accepted)
  },
  connect: async (path) => {
    const socket = new WebSocket(`ws+unix:${path}:/`, { perMessageDeflate: false })
    await new Promise((resolve) => socket.once("open", resolve))
    return channelOf(socket)
  }
}
