import { PeerSocket } from "@ductworks/peers"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import { Effect } from "effect"
import dgram from "node:dgram"
import type { Contender, Start } from "../contender.js"
import { Laps } from "../figure.js"
import { text } from "./peerClients.js"
import { asLongAsWeLive, portOf, roomy, Say } from "./peerServers.js"

/** Both ends of one kind. */
interface Ends {
  /** Echoes; the port where. */
  readonly answer: () => Promise<number>
  /** Connects to it: what sends a message; `came` is told of each that comes, and says whether to send another. */
  readonly connect: (port: number, came: () => boolean) => Promise<() => void>
}

/** Round trips over UDP between two processes, `window` of them on the way at a time. */
export const peerEcho = (ends: Ends, window: number): Contender => ({
  measure: async (start) => {
    let came = () => false
    const send = await ends.connect(await startAnswer(start), () => came())
    return (count) =>
      new Promise((resolve) => {
        const laps = new Laps(count)
        let left = count - window
        came = () => {
          if (laps.lap()) resolve(laps.figure())
          return left-- > 0
        }
        for (let i = 0; i < window; i++) send()
      })
  },
  answer: async () => {
    process.send?.(await ends.answer())
    return new Promise((resolve) => process.once("disconnect", resolve))
  }
})

const startAnswer = async (start: Start): Promise<number> => {
  const child = start("")
  return Number(await new Promise((resolve) => child.once("message", resolve)))
}

const packet = Buffer.from(JSON.stringify(["say", text]))

/** The same bytes back and forth on `node:dgram`; the one that need not answer everybody is connected, which is faster. */
export const dgramEnds: Ends = {
  answer: async () => {
    const socket = dgram.createSocket("udp4", (packet, { address, port }) => socket.send(packet, port, address))
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve))
    return socket.address().port
  },
  connect: async (port, came) => {
    const send = () => socket.send(packet)
    const socket = dgram.createSocket("udp4", () => came() && send())
    await new Promise<void>((resolve) => socket.connect(port, "127.0.0.1", resolve))
    return send
  }
}

/** JSON, with a Schema, handlers and all: the default. */
export const peerSocketEnds: Ends = {
  answer: () =>
    Effect.gen(function* () {
      const socket = yield* PeerSocket.makeWith(yield* NodePeers.makeUdp(), Say, roomy)
      yield* socket.handle("say", (peer, data) => socket.send.say(data, peer))
      return portOf(socket.endpoints[0] ?? "")
    }).pipe(asLongAsWeLive),
  connect: (port, came) =>
    Effect.gen(function* () {
      const socket = yield* PeerSocket.makeWith(yield* NodePeers.makeUdp(), Say, roomy)
      const send = socket.send.say(text, yield* socket.connect(`udp://127.0.0.1:${port}`))
      yield* socket.handle("say", () => (came() ? send : Effect.void))
      return () => void Effect.runFork(send)
    }).pipe(asLongAsWeLive)
}
