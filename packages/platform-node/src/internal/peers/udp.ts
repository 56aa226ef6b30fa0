import { sizeOr } from "@ductworks/core/Connection"
import type { BindError } from "@ductworks/peers/PeerError"
import type { PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type * as dgram from "node:dgram"
import type { UdpOptions } from "../../NodePeers.js"
import { makeUdpPeers, type UdpCarrier } from "./udpPeers.js"
import { boundSocket } from "./udpSocket.js"
import { Target } from "./udpTarget.js"

/** Datagrams over `node:dgram`. */
class DgramCarrier implements UdpCarrier<Target> {
  readonly host: string
  readonly port: number
  readonly isV6: boolean
  private readonly highWaterMark: number
  private lastSource: Target | undefined

  constructor(
    private readonly socket: dgram.Socket,
    options: UdpOptions
  ) {
    const { address, family, port } = socket.address()
    this.host = address
    this.port = port
    this.isV6 = family === "IPv6"
    this.highWaterMark = sizeOr(options.highWaterMark, 256 * 1024)
  }

  // One of a socket of the other family has an address that this one cannot use, where its text may be.
  isTarget(peer: unknown): peer is Target {
    return peer instanceof Target && peer.isV6 === this.isV6
  }

  target(host: string, port: number): Target {
    return new Target(host, port)
  }

  // Most often the system has it at once, but dgram tells only in the next tick: whether it works is asked once.
  offer(to: Target, packet: Uint8Array, mustKnow: boolean): boolean | Error {
    const cause = mustKnow ? to.failure() : undefined
    if (cause !== undefined) return cause
    if ((mustKnow && !to.isProven) || this.socket.getSendQueueSize() >= this.highWaterMark) return false
    this.socket.send(packet, to.port, to.host, to.sent)
    return true
  }

  send(to: Target, packet: Uint8Array, tell: (cause: Error | null) => void): () => void {
    this.socket.send(packet, to.port, to.host, (cause) => {
      to.prove(cause === null)
      tell(cause)
    })
    return notCalledBack
  }

  listen(arrived: (from: Target, packet: Uint8Array) => void, failed: (cause: Error) => void): void {
    const onMessage = (packet: Buffer, source: dgram.RemoteInfo) =>
      // A plain array of bytes, as everywhere: a Buffer answers to `slice` and JSON in its own way.
      arrived(this.source(source), new Uint8Array(packet.buffer, packet.byteOffset, packet.length))
    this.socket.on("message", onMessage).on("error", failed)
  }

  private source({ address, port }: dgram.RemoteInfo): Target {
    const last = this.lastSource
    if (last !== undefined && last.port === port && last.host === address) return last
    return (this.lastSource = new Target(address, port))
  }

  readonly close: Effect.Effect<void> = Effect.async((resume) => {
    this.socket.removeAllListeners("message").close(() => resume(Exit.void))
  })
}

const notCalledBack = (): void => {}

export const bindUdp = (options: UdpOptions): Effect.Effect<PeerTransportService, BindError, Scope.Scope> =>
  makeUdpPeers(options, (host, port) =>
    Effect.map(boundSocket(options, host, port), (socket) => new DgramCarrier(socket, options))
  )
