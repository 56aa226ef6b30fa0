import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { PortableSockets, Sock } from "../src/index.js"
import { AF, IPPROTO, MSG, SO, SOCK, SOL, TCP } from "../src/SocketConstants.js"
import type { AddressError, NameNotResolved } from "../src/SocketError.js"

type Attempt = Effect.Effect<unknown, AddressError | NameNotResolved, Sock.Sockets | Scope.Scope>

const sock = (options?: Sock.SockOptions) => Effect.flatMap(Sock.Sockets, (sockets) => sockets.sock(options))

const tcp = sock()
const udp = sock({ type: SOCK.DGRAM })

/** A connected stream socket. */
const connected = Effect.gen(function* () {
  const listener = yield* tcp
  yield* listener.bind(["127.0.0.1", 0])
  yield* listener.listen(1)
  const client = yield* tcp
  yield* client.connect(yield* listener.getsockname)
  return client
})

const of = (make: Effect.Effect<Sock.Sock, AddressError | NameNotResolved, Sock.Sockets | Scope.Scope>) => ({
  that: (use: (sock: Sock.Sock) => Attempt): Attempt => Effect.flatMap(make, use)
})

const bytes = new Uint8Array(8)

/** What Node's own sockets cannot do, by row. */
const table: ReadonlyArray<readonly [row: string, what: string, attempt: Attempt]> = [
  ["SH-2", "socketpair", Effect.flatMap(Sock.Sockets, (sockets) => sockets.socketpair())],
  ["SH-4", "a descriptor that is adopted", sock({ fd: 0 })],
  ["SH-4", "a socket of packets in order", sock({ domain: AF.UNIX, type: SOCK.SEQPACKET })],
  ["SH-4", "a Unix socket of datagrams", sock({ domain: AF.UNIX, type: SOCK.DGRAM })],
  ["SH-4", "a raw socket", sock({ type: SOCK.RAW, protocol: IPPROTO.ICMP })],
  ["SH-4", "another protocol", sock({ protocol: IPPROTO.SCTP })],
  ["SH-8", "a Unix socket bound to a name of the system's choice", of(Sock.unixSock).that((it) => it.bind(""))],
  ["SH-14", "dup", of(connected).that((client) => client.dup)],
  ["SH-16", "the port of a stream socket that only was bound", portBeforeListen()],
  ["SH-17", "getsockopt of what Node does not tell", of(tcp).that((it) => it.getsockopt(SOL.SOCKET, SO.ERROR))],
  ["SH-17", "getsockopt of a buffer of TCP", of(connected).that((it) => it.getsockopt(SOL.SOCKET, SO.RCVBUF))],
  [
    "SH-18",
    "setsockopt of what Node does not set",
    of(tcp).that((it) => it.setsockopt(SOL.SOCKET, SO.RCVTIMEO, bytes))
  ],
  ["SH-18", "setsockopt of a buffer of TCP", of(connected).that((it) => it.setsockopt(IPPROTO.TCP, TCP.MAXSEG, 512))],
  [
    "SH-19",
    "taking SO_REUSEADDR back, which Node always sets",
    of(tcp).that((it) => it.setsockopt(SOL.SOCKET, SO.REUSEADDR, 0))
  ],
  ["SH-22", "receiving out-of-band data", of(connected).that((client) => client.recv(1, MSG.OOB))],
  ["SH-28", "sending out-of-band data", of(connected).that((client) => client.send(bytes, MSG.OOB))],
  ["SH-33", "descriptors sent", of(connected).that((client) => client.sendFds(bytes, [0]))],
  ["SH-33", "descriptors received", of(connected).that((client) => client.recvFds(1))],
  ["SH-33", "credentials", of(connected).that((client) => client.peerCredentials)],
  ["SH-38", "what the kernel knows of a connection", of(connected).that((client) => client.tcpInfo)],
  ["SH-29", "one send that the kernel cuts", of(udp).that((it) => it.sendSegments(bytes, 4, ["127.0.0.1", 9]))],
  ["SH-25", "datagrams that the kernel joins", of(udp).that((it) => it.recvSegments(bytes))],
  ["SH-1", "a group joined by a stream socket", of(tcp).that((it) => it.joinGroup("239.0.0.1"))]
]

function portBeforeListen(): Attempt {
  return of(tcp).that((it) => Effect.zipRight(it.bind(["127.0.0.1", 0]), it.getsockname))
}

describe("what Node cannot do", () => {
  for (const [row, what, attempt] of table) {
    it.scopedLive(`${row} SH-39 ${what} is Unsupported, which says what to use instead (portable)`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(attempt)
        assert.strictEqual(error._tag, "Unsupported")
        assert.match(error.message, /NativeSockets|listen|bind/)
      }).pipe(Effect.provide(PortableSockets.layer))
    )
  }
})
