import { udpSock, sock, socketpair } from "@ductworks/sockets/Sock"
import { AF, IP, IPPROTO, SOCK, SOL, UDP } from "@ductworks/sockets/SocketConstants"
import { UnixAddress } from "@ductworks/sockets/SocketAddress"
import { Console, Effect } from "effect"
import { randomUUID } from "node:crypto"

const text = new TextDecoder()
const bytes = (words: string) => new TextEncoder().encode(words)

/** One call sends many datagrams of 64 bytes, one call receives them: the kernel cuts (UDP_SEGMENT) and joins (UDP_GRO). */
const segments = Effect.gen(function* () {
  const receiver = yield* udpSock
  yield* receiver.bind(["127.0.0.1", 0])
  yield* receiver.setsockopt(SOL.UDP, UDP.GRO, 1)
  const sender = yield* udpSock
  yield* sender.connect(yield* receiver.getsockname)
  const sent = yield* sender.sendSegments(new Uint8Array(20 * 64), 64)
  const { count, segment } = yield* receiver.recvSegments(new Uint8Array(65_536))
  return `${sent} bytes sent, ${count} received in segments of ${segment}`
}).pipe(Effect.scoped)

/** A group on the loopback interface: what one sends to it, its members receive. */
const multicast = Effect.gen(function* () {
  const group = "239.255.77.7"
  const member = yield* udpSock
  yield* member.bind([group, 0])
  yield* member.joinGroup(group, "lo")
  const { port } = yield* Effect.filterOrDieMessage(member.getsockname, (own) => own._tag === "InetAddress", "no port")
  const sender = yield* udpSock
  // The interface that it leaves by, as ip(7) has it: an address of this machine.
  yield* sender.setsockopt(IPPROTO.IP, IP.MULTICAST_IF, Uint8Array.of(127, 0, 0, 1))
  yield* sender.sendto(bytes("hello, group"), [group, port])
  const [data] = yield* member.recvfrom(1500)
  return text.decode(data)
}).pipe(Effect.scoped)

/** Datagrams within the machine, to an abstract name: reliable, in order, and whole. */
const unix = Effect.gen(function* () {
  const name = UnixAddress(`\0ductworks-${randomUUID()}`)
  const receiver = yield* sock({ domain: AF.UNIX, type: SOCK.DGRAM })
  yield* receiver.bind(name)
  const sender = yield* sock({ domain: AF.UNIX, type: SOCK.DGRAM })
  for (const word of ["one", "two"]) yield* sender.sendto(bytes(word), name)
  const [first] = yield* receiver.recvfrom(100)
  const [second] = yield* receiver.recvfrom(100)
  return `${text.decode(first)}, ${text.decode(second)}`
}).pipe(Effect.scoped)

/** Connected, and every message arrives as it was sent: SOCK_SEQPACKET. */
const packets = Effect.gen(function* () {
  const [left, right] = yield* socketpair(AF.UNIX, SOCK.SEQPACKET)
  yield* left.send(bytes("a packet"))
  yield* left.send(bytes("and another"))
  return `${text.decode(yield* right.recv(100))}, ${text.decode(yield* right.recv(100))}`
}).pipe(Effect.scoped)

export const program = Effect.gen(function* () {
  yield* Console.log(`UDP segments: ${yield* segments}`)
  yield* Console.log(`multicast: ${yield* multicast}`)
  yield* Console.log(`Unix datagrams: ${yield* unix}`)
  yield* Console.log(`packets in order: ${yield* packets}`)
})
