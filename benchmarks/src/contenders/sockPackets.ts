import { udpSock, type Sock } from "@ductworks/sockets/Sock"
import { SO, SOL, UDP } from "@ductworks/sockets/SocketConstants"
import { Effect } from "effect"
import type { Contender } from "../contender.js"
import { forever } from "../loops.js"
import { withSockets } from "../sockets.js"
import { countPackets, packetBytes, receiveBufferBytes, sendPackets, type Received } from "../udp.js"

type Receive = (sock: Sock, received: Received) => Effect.Effect<never, unknown>

type Send = (sock: Sock, count: number) => Effect.Effect<void, unknown>

/** 64-byte UDP packets on `Sock`; the sender's is connected. */
const make = (receive: Receive, send: Send): Contender => ({
  measure: async (start) => {
    const received = { packets: 0 }
    const [sock, port] = await withSockets()(bindReceiver)
    Effect.runFork(receive(sock, received))
    return countPackets(start, port, received)
  },
  answer: answerWith(send)
})

const answerWith = (send: Send) => async (port: string) => {
  const sock = await withSockets()(connectSender(Number(port)))
  await sendPackets((count) => Effect.runPromise(send(sock, count)))
}

const bindReceiver = Effect.gen(function* () {
  const sock = yield* udpSock
  yield* sock.setsockopt(SOL.SOCKET, SO.RCVBUF, receiveBufferBytes)
  yield* sock.bind(["127.0.0.1", 0])
  const address = yield* sock.getsockname
  return [sock, "port" in address ? address.port : 0] as const
})

const connectSender = (port: number) => Effect.tap(udpSock, (sock) => sock.connect(["127.0.0.1", port]))

/** One system call a packet. */
const sendEach: Send = (sock, count) =>
  Effect.suspend(() => {
    const send = sock.send(new Uint8Array(packetBytes).fill(7))
    let left = count
    return Effect.whileLoop({ while: () => left > 0, body: () => send, step: () => left-- })
  })

const receiveEach: Receive = (sock, received) =>
  Effect.suspend(() => {
    const receive = sock.recvInto(new Uint8Array(packetBytes))
    return forever(receive, () => received.packets++)
  })

/** Asks where each packet is from, which `node:dgram` always does. */
const receiveFrom: Receive = (sock, received) =>
  Effect.suspend(() => {
    const receive = sock.recvfromInto(new Uint8Array(packetBytes))
    return forever(receive, () => received.packets++)
  })

/** Packets of one sendmmsg, and most of one recvmmsg: between 16 and 256 there is no difference. */
const batch = 64

/** Packets of their own, in one system call. */
const sendMany: Send = (sock, count) =>
  Effect.suspend(() => {
    const packets = Array.from({ length: batch }, () => new Uint8Array(packetBytes).fill(7))
    const whole = sock.sendmmsg(packets)
    let left = count
    return Effect.whileLoop({
      while: () => left > 0,
      body: () => (left >= batch ? whole : sock.sendmmsg(packets.slice(0, left))),
      step: (sent) => (left -= sent)
    })
  })

/** As many as are there in one system call, each in memory of its own, and where it is from. */
const receiveMany: Receive = (sock, received) =>
  Effect.suspend(() => {
    const receive = sock.recvmmsg(Array.from({ length: batch }, () => new Uint8Array(packetBytes)))
    return forever(receive, (packets) => (received.packets += packets.length))
  })

/** The most that every kernel with UDP_SEGMENT takes at once (UDP_MAX_SEGMENTS was 64 until Linux 6.9). */
const segments = 64

/** The kernel cuts them (UDP_SEGMENT). */
const sendSegments: Send = (sock, count) =>
  Effect.gen(function* () {
    const data = new Uint8Array(segments * packetBytes).fill(7)
    for (let left = count; left > 0; left -= segments) {
      yield* sock.sendSegments(data.subarray(0, Math.min(left, segments) * packetBytes), packetBytes)
    }
  })

/** The kernel joins them (UDP_GRO). */
const receiveSegments: Receive = (sock, received) =>
  Effect.gen(function* () {
    yield* sock.setsockopt(SOL.UDP, UDP.GRO, 1)
    const buffer = new Uint8Array(64 * 1024)
    while (true) {
      const { count, segment } = yield* sock.recvSegments(buffer)
      received.packets += Math.ceil(count / segment)
    }
  })

export const sockPackets = make(receiveEach, sendEach)
export const sockPacketsFrom = make(receiveFrom, sendEach)
export const sockMany = make(receiveMany, sendMany)
export const sockSegments = make(receiveSegments, sendSegments)

/** More than any receiver takes one by one. */
export const flood = answerWith(sendSegments)
export const sockFlooded = make(receiveEach, sendSegments)
export const sockFloodedFrom = make(receiveFrom, sendSegments)
export const sockFloodedMany = make(receiveMany, sendSegments)
