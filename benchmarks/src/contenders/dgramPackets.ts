import dgram from "node:dgram"
import type { Contender } from "../contender.js"
import { countPackets, packetBytes, receiveBufferBytes, sendPackets } from "../udp.js"

/** Packets that one turn of the event loop sends: more are no faster, fewer are slower. */
const batch = 256

/** 64-byte UDP packets on `node:dgram`, connected, which is its fastest way. */
export const dgramPackets: Contender = {
  measure: async (start) => {
    const received = { packets: 0 }
    const socket = dgram.createSocket({ type: "udp4", recvBufferSize: receiveBufferBytes })
    socket.on("message", () => received.packets++)
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve))
    return countPackets(start, socket.address().port, received)
  },
  answer: async (port) => {
    const socket = dgram.createSocket("udp4")
    const packet = Buffer.alloc(packetBytes, 7)
    await new Promise<void>((resolve) => socket.connect(Number(port), "127.0.0.1", resolve))
    await sendPackets(
      (count) =>
        new Promise((resolve) => {
          let left = count
          const turn = () => {
            for (let i = 0; i < batch && left > 0; i++, left--) socket.send(packet)
            if (left > 0) setImmediate(turn)
            else resolve()
          }
          turn()
        })
    )
    socket.close()
  }
}
