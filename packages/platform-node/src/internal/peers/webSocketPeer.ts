import { LocalSocketFault } from "@ductworks/core/DuctError"
import { PeerLost, type LeaveCause } from "@ductworks/peers/PeerError"
import type { Peer } from "@ductworks/peers/PeerTransport"
import type { Duplex } from "node:stream"
import type { RawData, WebSocket } from "ws"
import { codeOf } from "../errno.js"
import { tooLarge, Waiting } from "./common.js"
import type { WebSocketPeers } from "./webSockets.js"

/** One WebSocket: what arrives goes to the inbox, and while there is no room it is paused. */
export class WebSocketPeer {
  readonly waiting = new Waiting()
  private error: unknown
  private isLeaving = false
  /** Bytes that came since the last packet was whole, as the budget knows them. */
  private held = 0

  /** @param wire what the WebSocket reads from: it does not tell of a packet before that is whole */
  constructor(
    private readonly owner: WebSocketPeers,
    readonly peer: Peer,
    readonly socket: WebSocket,
    wire: Duplex
  ) {
    // Before the WebSocket sees them, which then may tell of a packet.
    wire.prependListener("data", this.onBytes)
    socket.on("message", this.onMessage).on("close", this.onClose)
    socket.on("error", (error) => {
      this.error = error
    })
  }

  get pending(): number {
    return this.socket.bufferedAmount
  }

  /** Errors of a send are the socket's too, which then closes. */
  write(packet: Uint8Array, binary: boolean): void {
    this.socket.send(packet, { binary }, this.onSent)
  }

  /** Says goodbye, and breaks off when that takes too long. */
  close(linger: number): void {
    if (this.isLeaving) return
    this.isLeaving = true
    this.waiting.wake()
    const timer = setTimeout(() => this.socket.terminate(), linger)
    this.socket.once("close", () => clearTimeout(timer))
    // The other end's goodbye stands behind what was not read.
    this.socket.off("message", this.onMessage).resume()
    this.socket.close(1000)
  }

  abort(): void {
    this.isLeaving = true
    this.waiting.wake()
    this.socket.terminate()
  }

  private readonly onSent = (): void => this.waiting.wake()

  private readonly onBytes = ({ length }: Uint8Array): void => {
    if (this.isLeaving) return
    const { budget, counters, inbox } = this.owner
    if (budget.take(length)) {
      this.held += length
      return
    }
    counters.refused++
    inbox.leave(this.peer, new PeerLost({ operation: "receive", peer: this.peer.id, reason: "Refused" }))
    this.abort()
  }

  private release(): void {
    this.owner.budget.give(this.held)
    this.held = 0
  }

  private readonly onMessage = (data: RawData): void => {
    this.release()
    if (this.owner.inbox.push(this.peer, bytesOf(data)) || this.isLeaving) return
    this.socket.pause()
    this.owner.inbox.whenRoom(this.peer, () => this.socket.resume())
  }

  private readonly onClose = (code: number): void => {
    if (!this.isLeaving) this.owner.inbox.leave(this.peer, this.cause(code))
    this.isLeaving = true
    this.release()
    this.owner.forget(this)
    this.waiting.wake()
  }

  /** 1000: done; 1001: a page that was left; 1005: no reason was given. 1006 is no goodbye at all. */
  private cause(code: number): LeaveCause | undefined {
    const { counters, maxPacketBytes } = this.owner
    const fault = codeOf(this.error)
    if (fault === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") {
      counters.oversize++
      return tooLarge(maxPacketBytes + 1, maxPacketBytes, "recv")
    }
    if (fault?.startsWith("WS_ERR_") === true) counters.malformed++
    if (fault === undefined && (code === 1000 || code === 1001 || code === 1005)) return undefined
    const cause = this.error ?? new LocalSocketFault({ operation: "recv", code: `WebSocket ${code}` })
    return new PeerLost({ operation: "receive", peer: this.peer.id, reason: "Vanished", cause })
  }
}

const bytesOf = (data: RawData): Uint8Array => {
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  const buffer = Array.isArray(data) ? Buffer.concat(data) : data
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
