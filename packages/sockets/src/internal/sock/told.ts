import { Unsupported } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import { endianness } from "node:os"
import { AF, IPPROTO, TCP } from "../../SocketConstants.js"
import type { SocketError } from "../../SocketError.js"
import type { Credentials, TcpInfo } from "../../Sock.js"
import { notSupported } from "../errno.js"
import { unsupported } from "../unsupported.js"
import type { SockState } from "./state.js"

/** Who is at the other end of a Unix socket. */
export const peerCredentials = (state: SockState): Effect.Effect<Credentials, SocketError> => {
  const { native } = state.port
  if (native === undefined) return unsupported("peerCredentials")
  return Effect.suspend(() => {
    const told = new Int32Array(3)
    return Effect.map(
      // Linux answers for any socket, and of an IP one knows nobody.
      state.call("peerCredentials", () =>
        state.port.domain === AF.UNIX ? native.peerCredentials(told) : notSupported
      ),
      () => {
        const [pid = 0, uid = 0, gid = 0] = told
        // uid_t and gid_t are unsigned: "nobody" of some systems is the highest.
        return { pid, uid: uid >>> 0, gid: gid >>> 0 }
      }
    )
  })
}

// Where linux/tcp.h has the fields of `struct tcp_info`, and where that ends; newer kernels only append to it.
const infoSize = 104
const at = {
  retransmits: 2,
  sendMss: 16,
  receiveMss: 20,
  rtt: 68,
  rttVariance: 72,
  congestionWindow: 80,
  totalRetransmits: 100
}

/** What the kernel knows of a TCP connection. */
export const tcpInfo = (state: SockState): Effect.Effect<TcpInfo, SocketError> => {
  if (state.port.native === undefined) return unsupported("tcpInfo")
  if (process.platform !== "linux") {
    return new Unsupported({ operation: "tcpInfo", problem: "only Linux's TCP_INFO is known here" })
  }
  return Effect.suspend(() => {
    const bytes = new Uint8Array(infoSize)
    const view = new DataView(bytes.buffer)
    const number = (offset: number) => view.getUint32(offset, endianness() === "LE")
    return Effect.map(
      state.call("tcpInfo", () => state.port.getsockopt(IPPROTO.TCP, TCP.INFO, bytes)),
      () => ({
        state: view.getUint8(0),
        retransmits: view.getUint8(at.retransmits),
        rtt: number(at.rtt),
        rttVariance: number(at.rttVariance),
        sendMss: number(at.sendMss),
        receiveMss: number(at.receiveMss),
        congestionWindow: number(at.congestionWindow),
        totalRetransmits: number(at.totalRetransmits)
      })
    )
  })
}
