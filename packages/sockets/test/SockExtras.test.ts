import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Sock } from "../src/index.js"
import { AF, IP, IPPROTO, MSG, SOL, SOCK, UDP } from "../src/SocketConstants.js"
import { both, bytes, connected, leave, native, pattern, text } from "./support/suite.js"

describe("multicast", () => {
  native(
    "SH-25 SH-29 a group's member gets what is sent to the group",
    Effect.gen(function* () {
      const group = "239.255.77.77"
      const member = yield* Sock.udpSock
      yield* member.bind(["", 0])
      yield* member.joinGroup(group, "lo")
      const address = yield* member.getsockname
      const sender = yield* Sock.udpSock
      yield* sender.setsockopt(IPPROTO.IP, IP.MULTICAST_IF, Uint8Array.of(127, 0, 0, 1))
      yield* sender.sendto(bytes("to all"), [group, address._tag === "InetAddress" ? address.port : 0])
      assert.strictEqual(text((yield* member.recvfrom(100))[0]), "to all")
    })
  )

  both(
    "SH-25 who is in a group can leave it, once",
    Effect.gen(function* () {
      const member = yield* Sock.udpSock
      yield* member.bind(["", 0])
      yield* member.joinGroup("239.255.77.78", "lo")
      yield* member.leaveGroup("239.255.77.78", "lo")
      assert.propertyVal(yield* Effect.flip(member.leaveGroup("239.255.77.78", "lo")), "code", "EADDRNOTAVAIL")
    })
  )

  both(
    "SH-25 SH-29 what no group or interface is, or a member already, is told at once, and does not keep from binding",
    Effect.gen(function* () {
      const member = yield* Sock.udpSock
      for (const bind of [member.bind(["", 0]), Effect.void]) {
        for (const group of ["", "127.0.0.1", "223.255.255.255", "240.0.0.1"]) {
          assert.propertyVal(yield* Effect.flip(member.joinGroup(group, "lo")), "code", "EINVAL", group)
        }
        assert.propertyVal(yield* Effect.flip(member.joinGroup("239.255.77.79", "nosuchif")), "code", "ENODEV")
        yield* member.joinGroup("239.255.77.79", "lo")
        assert.propertyVal(yield* Effect.flip(member.joinGroup("239.255.77.79", "lo")), "code", "EADDRINUSE")
        yield* member.leaveGroup("239.255.77.79", "lo")
        yield* bind
      }
    })
  )

  both(
    "SH-9 SH-29 groups of IPv6, ones that are none, and interfaces that do not exist",
    Effect.gen(function* () {
      const six = yield* Sock.udp6Sock
      yield* six.joinGroup("ff02::1:77", "lo")
      yield* six.leaveGroup("ff02::1:77", "lo")
      const four = yield* Sock.udpSock
      assert.propertyVal(yield* Effect.flip(four.joinGroup("127.0.0.1", "lo")), "code", "EINVAL")
      assert.propertyVal(yield* Effect.flip(four.joinGroup("239.1.2.3", "nosuchif")), "code", "ENODEV")
      assert.propertyVal(yield* Effect.flip(four.joinGroup("ff02::1")), "_tag", "InvalidAddress")
      assert.propertyVal(yield* Effect.flip((yield* Sock.unixSock).joinGroup("239.1.2.3")), "_tag", "InvalidAddress")
    })
  )
})

describe("what the kernel knows", () => {
  native(
    "SH-17 tcpInfo tells of a connection",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* client.send(pattern(100_000))
      yield* server.recvExact(100_000)
      const info = yield* client.tcpInfo
      // TCP_ESTABLISHED is 1.
      assert.deepStrictEqual([info.state, info.retransmits], [1, 0])
      for (const value of [info.rtt, info.sendMss, info.congestionWindow]) assert.isAbove(value, 0)
      assert.strictEqual(info.totalRetransmits, 0)
      const udp = yield* Sock.udpSock
      assert.propertyVal(yield* Effect.flip(udp.tcpInfo), "_tag", "SocketFault")
    })
  )
})

describe("segmentation offload", () => {
  native(
    "SH-25 SH-29 one send is cut into datagrams, which are received one by one, or joined",
    Effect.gen(function* () {
      const receiver = yield* Sock.udpSock
      yield* receiver.bind(["127.0.0.1", 0])
      const sender = yield* Sock.udpSock
      yield* sender.bind(["127.0.0.1", 0])
      const address = yield* receiver.getsockname
      const data = pattern(2500)
      assert.strictEqual(yield* sender.sendSegments(data, 1000, address), 2500)
      for (const length of [1000, 1000, 500]) assert.strictEqual((yield* receiver.recv(4096)).length, length)
      yield* receiver.setsockopt(SOL.UDP, UDP.GRO, 1)
      yield* sender.connect(address)
      yield* sender.sendSegments(data, 1000)
      const buffer = new Uint8Array(65536)
      let received = 0
      while (received < 2500) {
        const { count, from, segment } = yield* receiver.recvSegments(buffer)
        assert.deepStrictEqual(buffer.slice(0, count), data.slice(received, received + count))
        assert.isTrue(segment === 1000 || count < 1000)
        assert.deepStrictEqual(from, yield* sender.getsockname)
        received += count
      }
    })
  )

  native(
    "SH-29 segments that are none are typed errors",
    Effect.gen(function* () {
      const udp = yield* Sock.udpSock
      for (const segment of [0, -1, 0.5, 65536]) {
        const failure = yield* Effect.flip(udp.sendSegments(bytes("x"), segment, ["127.0.0.1", 9]))
        assert.propertyVal(failure, "_tag", "InvalidArgument")
      }
      assert.propertyVal(yield* Effect.flip(udp.recvSegments(new Uint8Array(0))), "_tag", "InvalidArgument")
    })
  )

  native(
    "SH-29 what the kernel would not cut is not sent",
    Effect.gen(function* () {
      const pairs = [
        yield* Sock.socketpair(AF.UNIX, SOCK.DGRAM),
        yield* Sock.socketpair(AF.UNIX, SOCK.SEQPACKET),
        yield* Sock.socketpair(),
        yield* connected()
      ]
      for (const [one, two] of pairs) {
        assert.propertyVal(yield* Effect.flip(one.sendSegments(bytes("joined"), 2)), "_tag", "InvalidArgument")
        assert.propertyVal(yield* Effect.flip(two.recv(10, MSG.DONTWAIT)), "code", "EAGAIN")
      }
    })
  )

  native(
    "SH-23 SH-25 what an interrupted receive has left comes first",
    Effect.gen(function* () {
      const [client, server] = yield* connected()
      yield* leave(client, server, "left")
      const buffer = new Uint8Array(8)
      const { count, segment } = yield* server.recvSegments(buffer)
      assert.strictEqual(text(buffer.subarray(0, count)), "left")
      assert.strictEqual(segment, 4)
    })
  )
})
