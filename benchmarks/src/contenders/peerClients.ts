/** The other process of the peer sockets' cases: many clients of one server, hand-written, the same for all contenders. */
import dgram from "node:dgram"
import net from "node:net"

/** Bytes of a packet of the cases, as JSON. */
const bodyBytes = 100

/** The data of a message whose body `["say",…]` has 100 bytes. */
export const text = "x".repeat(bodyBytes - '["say",""]'.length)

const body = Buffer.from(JSON.stringify(["say", text]))

/** Its length as 32 bits, and the body. */
export const frame = Buffer.concat([Buffer.from([0, 0, 0, bodyBytes]), body])

/** A client sends the packet of the cases. */
export interface Client {
  readonly send: () => void
}

/** Connects that many; `deliver` is told of what comes to which, in packets, and may be told of parts of one. */
export type Clients = (
  port: number,
  width: number,
  deliver: (client: number, packets: number) => void
) => Promise<ReadonlyArray<Client>>

/** At once; a server of `node:net` holds more untaken ones, one of ours does not have to. */
const atOnce = 32

const inTurns = async <A>(width: number, open: (index: number) => Promise<A>): Promise<ReadonlyArray<A>> => {
  const opened: Array<A> = []
  while (opened.length < width) {
    const some = Array.from({ length: Math.min(atOnce, width - opened.length) }, (_, i) => open(opened.length + i))
    opened.push(...(await Promise.all(some)))
  }
  return opened
}

export const tcpClients: Clients = (port, width, deliver) => {
  const buffer = Buffer.allocUnsafe(64 * 1024)
  return inTurns(
    width,
    (index) =>
      new Promise<Client>((resolve, reject) => {
        const socket = net.connect({
          port,
          host: "127.0.0.1",
          noDelay: true,
          onread: {
            buffer,
            callback: (size) => {
              deliver(index, size / frame.length)
              return true
            }
          }
        })
        const client = { send: () => socket.write(frame) }
        socket.once("connect", () => resolve(client)).once("error", reject)
      })
  )
}

export const udpClients: Clients = (port, width, deliver) =>
  inTurns(
    width,
    (index) =>
      new Promise<Client>((resolve, reject) => {
        const socket = dgram.createSocket("udp4", () => deliver(index, 1))
        socket.once("error", reject)
        socket.connect(port, "127.0.0.1", () => resolve({ send: () => socket.send(body) }))
      })
  )

/** Tells the measuring process that all clients are there, and does what it asks for until it is gone. */
export const obey = (asked: (count: number) => void): Promise<void> => {
  process.on("message", (count) => asked(Number(count)))
  process.send?.("ready")
  return new Promise((resolve) => process.once("disconnect", resolve))
}

/** Clients that only count, and tell whenever another `step` packets came. */
export const countWith = async (clients: Clients, port: number, width: number, step: number): Promise<void> => {
  let packets = 0
  let told = 0
  await clients(port, width, (_, more) => {
    packets += more
    for (; told + step <= packets + 1e-6; told += step) process.send?.("step")
  })
  return obey(() => {})
}

/** Clients that send in turn, each again in its turn when an answer came to any, so that `window` are on the way. */
export const echoWith = async (clients: Clients, port: number, width: number, window: number): Promise<void> => {
  let toSend = 0
  let toCome = 0
  let next = 0
  const send = () => {
    if (toSend === 0) return
    toSend--
    all[next]?.send()
    next = (next + 1) % width
  }
  const all = await clients(port, width, (_, packets) => {
    for (let i = 0; i < Math.round(packets); i++) {
      send()
      if (--toCome === 0) process.send?.("done")
    }
  })
  return obey((count) => {
    toSend = toCome = count
    for (let i = 0; i < window; i++) send()
  })
}
