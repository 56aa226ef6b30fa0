import { defaultHighWaterMark, sizeOr } from "@ductworks/core/Connection"
import * as Deadline from "@ductworks/core/Deadline"
import { DuctClosed, InvalidAddress, LocalSocketFault } from "@ductworks/core/DuctError"
import { PeerLost, type ReachError, type TransmitError } from "@ductworks/peers/PeerError"
import * as PeerInbox from "@ductworks/peers/PeerInbox"
import { Peer, type PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Duplex } from "node:stream"
import { WebSocket } from "ws"
import type { WebSocketPeersOptions } from "../../NodeWebSocketPeers.js"
import { details, withCode } from "../errno.js"
import { Counters, defaultReassembly, full, shut, taken, tooLarge, unknown, unreached } from "./common.js"
import { WebSocketPeer } from "./webSocketPeer.js"

export const defaultMaxPacket = 1024 * 1024

/** Milliseconds. Node makes 1 of what is more. */
const longestTimer = 2 ** 31 - 1

/** Peers that are WebSockets. One frame is one packet. */
export class WebSocketPeers implements PeerTransportService {
  readonly kind = "stream"
  readonly maxPacketBytes: number
  readonly inbox: PeerInbox.PeerInbox
  readonly budget: PeerInbox.PeerBudget
  readonly counters = new Counters()
  readonly stats = this.counters.stats
  readonly onArrival: PeerInbox.PeerInbox["onArrival"]
  readonly pause: PeerTransportService["pause"]
  /** What `ws` is told of every socket. It breaks a close off by itself, after 30 seconds by default (looked at in 8.23). */
  readonly settings: { readonly maxPayload: number; readonly perMessageDeflate: false; readonly closeTimeout: number }
  private readonly peers = new Map<string, WebSocketPeer>()
  private readonly open = new Set<WebSocketPeer>()
  private readonly backlog: number
  private readonly highWaterMark: number
  private readonly linger: number
  private readonly timeout: Duration.Duration
  private readonly binary: boolean
  private lastNumber = 0
  private isStarted = false
  private isShut = false
  private whenEmpty: (() => void) | undefined

  constructor(
    readonly endpoints: ReadonlyArray<string>,
    options: WebSocketPeersOptions
  ) {
    this.maxPacketBytes = sizeOr(options.maxPacketBytes, defaultMaxPacket)
    this.inbox = new PeerInbox.PeerInbox(options)
    this.budget = new PeerInbox.PeerBudget(sizeOr(options.maxReassemblyBytes, defaultReassembly))
    this.onArrival = this.inbox.onArrival
    this.pause = this.inbox.pause
    this.backlog = sizeOr(options.backlog, 64)
    this.highWaterMark = sizeOr(options.highWaterMark, defaultHighWaterMark)
    this.linger = Math.min(Duration.toMillis(options.linger ?? "1 second"), longestTimer)
    this.timeout = Duration.decode(options.timeout ?? "30 seconds")
    this.settings = { maxPayload: this.maxPacketBytes, perMessageDeflate: false, closeTimeout: this.linger }
    this.binary = options.frames !== "text"
  }

  readonly receive: PeerTransportService["receive"] = Effect.suspend(() => {
    if (!this.isStarted) this.start()
    return this.inbox.receive
  })

  readonly take: PeerInbox.PeerInbox["take"] = () => {
    if (!this.isStarted) this.start()
    return this.inbox.take()
  }

  readonly offer = (peer: Peer, packet: Uint8Array): Exit.Exit<boolean, TransmitError> => {
    const own = this.peers.get(peer.id)
    if (own === undefined) return this.isShut ? shut : unknown(peer)
    if (packet.length > this.maxPacketBytes) return Exit.fail(tooLarge(packet.length, this.maxPacketBytes))
    if (own.pending >= this.highWaterMark) return full
    own.write(packet, this.binary)
    return taken
  }

  readonly send = (peer: Peer, packet: Uint8Array): Effect.Effect<void, TransmitError> =>
    Effect.suspend(() => {
      const offered = this.offer(peer, packet)
      if (Exit.isFailure(offered)) return offered
      const own = this.peers.get(peer.id)
      if (offered.value || own === undefined) return Exit.void
      return Effect.flatMap(room(own), () =>
        this.peers.get(peer.id) === own
          ? this.send(peer, packet)
          : Exit.fail(new PeerLost({ operation: "send", peer: peer.id, reason: "Closed" }))
      )
    })

  readonly connect = (endpoint: string): Effect.Effect<Peer, ReachError> =>
    Effect.gen(this, function* () {
      const deadline = yield* Deadline.make(this.timeout)
      const peer = yield* Deadline.within(this.attempt(endpoint), deadline)
      if (Option.isSome(peer)) return peer.value
      return yield* unreached(endpoint, withCode("connecting took too long", "ETIMEDOUT"))
    })

  private attempt(endpoint: string): Effect.Effect<Peer, ReachError> {
    return Effect.async((resume) => {
      if (this.isShut) return resume(Exit.fail(new DuctClosed({ operation: "connect" })))
      if (!/^wss?:\/\/[^#]*$/.test(endpoint) || !URL.canParse(endpoint)) {
        return resume(
          Exit.fail(new InvalidAddress({ address: endpoint, problem: "expected ws:// or wss://, a host, and no #" }))
        )
      }
      const socket = new WebSocket(endpoint, this.settings)
      const failed = (cause: unknown) => resume(Exit.fail(unreached(endpoint, cause)))
      socket.once("error", failed)
      socket.once("upgrade", ({ socket: wire }) =>
        socket.once("open", () => {
          socket.off("error", failed)
          const joined = this.join(socket, wire, endpoint, true)
          resume(joined === undefined ? Exit.fail(new DuctClosed({ operation: "connect" })) : Exit.succeed(joined))
        })
      )
      return Effect.sync(() => {
        socket.off("error", failed).on("error", () => {})
        socket.terminate()
      })
    })
  }

  readonly close = (peer: Peer): Effect.Effect<void> =>
    Effect.sync(() => {
      const own = this.peers.get(peer.id)
      if (own === undefined) return
      this.peers.delete(peer.id)
      this.inbox.drop(peer)
      own.close(this.linger)
    })

  /** Whether another one may join. */
  hasRoom(): boolean {
    if (!this.isShut && this.inbox.unseenJoins < this.backlog) return true
    this.counters.refused++
    return false
  }

  join(socket: WebSocket, wire: Duplex, endpoint: string, isOurs: boolean): Peer | undefined {
    if (this.isShut) {
      socket.terminate()
      return undefined
    }
    const own = new WebSocketPeer(this, Peer(`${endpoint}#${++this.lastNumber}`, endpoint), socket, wire)
    this.peers.set(own.peer.id, own)
    this.open.add(own)
    this.inbox.join(own.peer, isOurs)
    if (!this.isStarted) socket.pause()
    return own.peer
  }

  /** The socket has closed. */
  forget(own: WebSocketPeer): void {
    this.peers.delete(own.peer.id)
    this.open.delete(own)
    if (this.open.size === 0) this.whenEmpty?.()
  }

  /** The socket that accepts has failed. */
  fail(cause: unknown): void {
    this.inbox.end(new LocalSocketFault({ operation: "accept", ...details(cause) }))
  }

  /** All sockets are closed when this is done: after a success they get a little time to say goodbye. */
  shut(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.async((resume) => {
      this.isShut = true
      this.inbox.end()
      this.peers.clear()
      this.whenEmpty = () => resume(Exit.void)
      if (this.open.size === 0) return this.whenEmpty()
      for (const own of [...this.open]) {
        if (Exit.isSuccess(exit)) own.close(this.linger)
        else own.abort()
      }
    })
  }

  private start(): void {
    this.isStarted = true
    for (const own of this.open) own.socket.resume()
  }
}

const room = (own: WebSocketPeer): Effect.Effect<void> =>
  Effect.async((resume) => {
    const wake = () => resume(Exit.void)
    own.waiting.add(wake)
    return Effect.sync(() => own.waiting.remove(wake))
  })
