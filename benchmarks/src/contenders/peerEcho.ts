import { PeerFormat, PeerProtocol, PeerSocket } from "@ductworks/peers"
import * as NodePeers from "@ductworks/platform-node/NodePeers"
import type { PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as SocketPeers from "@ductworks/sockets/SocketPeers"
import { Effect, Schema, type Scope } from "effect"
import dgram from "node:dgram"
import type { Contender, Start } from "../contender.js"
import { Laps } from "../figure.js"
import { text } from "./peerClients.js"
import { asLongAsWeLive, portOf, roomy } from "./peerServers.js"

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

const body = Buffer.from(JSON.stringify(["say", text]))

const same = (packet: Buffer): Buffer => packet

const parsed = (packet: Buffer): Buffer => Buffer.from(JSON.stringify(JSON.parse(packet.toString())))

/** On `node:dgram`; the end that need not answer everybody is connected, which is faster. */
const dgramEnds = (answerTo: (packet: Buffer) => Buffer): Ends => ({
  answer: async () => {
    const socket = dgram.createSocket("udp4", (packet, { address, port }) => {
      socket.send(answerTo(packet), port, address)
    })
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve))
    return socket.address().port
  },
  connect: async (port, came) => {
    const socket = dgram.createSocket("udp4", (packet) => came() && socket.send(answerTo(packet)))
    await new Promise<void>((resolve) => socket.connect(port, "127.0.0.1", resolve))
    return () => socket.send(body)
  }
})

/** With handlers, limits and all. */
const peerEnds = <A>(
  makeUdp: Effect.Effect<PeerTransportService, unknown, Scope.Scope>,
  schema: Schema.Schema<A>,
  message: A,
  format: PeerFormat.PeerFormat
): Ends => {
  const Say = PeerProtocol.make("bench/Say", { say: { type: 0, schema } }, { format })
  const make = Effect.flatMap(makeUdp, (transport) => PeerSocket.makeWith(transport, Say, roomy))
  return {
    answer: () =>
      Effect.gen(function* () {
        const socket = yield* make
        yield* socket.handle("say", (peer, data) => socket.send.say(data, peer))
        return portOf(socket.endpoints[0] ?? "")
      }).pipe(asLongAsWeLive),
    connect: (port, came) =>
      Effect.gen(function* () {
        const socket = yield* make
        const peer = yield* socket.connect(`udp://127.0.0.1:${port}`)
        yield* socket.handle("say", (_, data) => (came() ? socket.send.say(data, peer) : Effect.void))
        return () => void Effect.runFork(socket.send.say(message, peer))
      }).pipe(asLongAsWeLive)
  }
}

export const echoes = {
  "dgram, bytes": dgramEnds(same),
  "dgram, JSON": dgramEnds(parsed),
  "PeerSocket, bytes": peerEnds(NodePeers.makeUdp(), Schema.Uint8ArrayFromSelf, body, PeerFormat.raw()),
  "PeerSocket, JSON": peerEnds(NodePeers.makeUdp(), Schema.String, text, PeerFormat.json()),
  "PeerSocket, native, bytes": peerEnds(SocketPeers.makeUdp(), Schema.Uint8ArrayFromSelf, body, PeerFormat.raw()),
  "PeerSocket, native, JSON": peerEnds(SocketPeers.makeUdp(), Schema.String, text, PeerFormat.json())
}
