import * as zmq from "zeromq"
import type { Start } from "../contender.js"
import { freshPath } from "../paths.js"
import type { Channel, Peer } from "./channel.js"

const channelOf = (socket: zmq.Pair): Channel => {
  let sending = Promise.resolve()
  const send = (value: unknown) => {
    // One send at a time is all that a socket allows.
    sending = sending.then(() => socket.send(JSON.stringify(value)))
  }
  const receive = async () => {
    for await (const [frame] of socket) channel.onMessage(JSON.parse(String(frame)))
  }
  const channel: Channel = {
    send,
    sendMany: async (count, value) => {
      await sending
      for (let i = 0; i < count; i++) await socket.send(JSON.stringify(value))
    },
    onMessage: () => {},
    closed: receive()
  }
  return channel
}

// A send that waits for room may wait for ever: zeromq.js is not told of it every time.
const unlimited = { sendHighWaterMark: 0, receiveHighWaterMark: 0 }

/** zeromq.js: PAIR sockets over ipc. */
export const zeromq: Peer = {
  accept: async (start: Start) => {
    const address = `ipc://${freshPath()}`
    const socket = new zmq.Pair(unlimited)
    await socket.bind(address)
    start(address)
    const channel = channelOf(socket)
    await new Promise((resolve) => (channel.onMessage = resolve))
    return channel
  },
  connect: async (address) => {
    const socket = new zmq.Pair(unlimited)
    socket.connect(address)
    await socket.send(JSON.stringify("ready"))
    return channelOf(socket)
  }
}
