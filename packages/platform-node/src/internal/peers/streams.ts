import { format, fromString } from "@ductworks/core/Address"
import { type Connection, defaultHighWaterMark, sizeOr } from "@ductworks/core/Connection"
import { type AcceptError, DuctClosed, LocalSocketFault } from "@ductworks/core/DuctError"
import type { Listener, SocketOptions, TransportService } from "@ductworks/core/Transport"
import * as Framing from "@ductworks/message/Framing"
import { SerializeError } from "@ductworks/message/MessageError"
import type { ReachError, TransmitError } from "@ductworks/peers/PeerError"
import * as PeerInbox from "@ductworks/peers/PeerInbox"
import type { Peer, PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { StreamPeersOptions } from "../../NodePeers.js"
import { Counters, defaultReassembly, full, shut, tooLarge, unknown } from "./common.js"
import { Link, linkOf } from "./link.js"

const defaultPacket = 16 * 1024 * 1024

/** With anything but a success a connection is closed at once. */
const abandoned = Exit.fail("abandoned")

/** Peers over the connections of a transport: accepted, or made by `connect`. */
export class StreamPeers implements PeerTransportService {
  readonly kind = "stream"
  readonly endpoints: ReadonlyArray<string>
  readonly maxPacketBytes: number
  readonly framing: Framing.Framing
  readonly inbox: PeerInbox.PeerInbox
  readonly budget: PeerInbox.PeerBudget
  readonly counters = new Counters()
  readonly stats = this.counters.stats
  readonly onArrival: PeerInbox.PeerInbox["onArrival"]
  readonly pause: PeerTransportService["pause"]
  /** Since the first `receive`: nothing is read before. */
  private isStarted = false
  readonly links = new Map<string, Link>()
  private readonly closing = new Set<Promise<unknown>>()
  private readonly socketOptions: SocketOptions
  private readonly highWaterMark: number
  private readonly backlog: number
  private lastNumber = 0
  private isShut = false
  private resumeAccept: (() => void) | undefined
  private last: { readonly packet: Uint8Array; readonly frame: Uint8Array } | undefined

  constructor(
    private readonly transport: TransportService,
    private readonly listener: Listener | undefined,
    options: StreamPeersOptions
  ) {
    this.endpoints = listener === undefined ? [] : [format(listener.address)]
    this.framing = options.framing ?? Framing.lengthPrefix32
    this.maxPacketBytes = Math.min(sizeOr(options.maxPacketBytes, defaultPacket), this.framing.maxPayloadBytes)
    this.inbox = new PeerInbox.PeerInbox(options)
    this.budget = new PeerInbox.PeerBudget(sizeOr(options.maxReassemblyBytes, defaultReassembly))
    this.onArrival = this.inbox.onArrival
    this.pause = this.inbox.pause
    this.highWaterMark = sizeOr(options.highWaterMark, defaultHighWaterMark)
    this.backlog = sizeOr(options.backlog, 64)
    this.socketOptions = socketOptions(options)
  }

  readonly receive: PeerTransportService["receive"] = Effect.suspend(() => {
    this.begin()
    return this.inbox.receive
  })

  readonly take: PeerInbox.PeerInbox["take"] = () => {
    this.begin()
    return this.inbox.take()
  }

  /** Somebody receives: connections are read, and accepted while not too many were not heard of. */
  private begin(): void {
    if (!this.isStarted) {
      this.isStarted = true
      for (const link of [...this.links.values()]) link.read()
    }
    if (this.inbox.unseenJoins < this.backlog) this.wakeAccept()
  }

  readonly offer = (peer: Peer, packet: Uint8Array): Exit.Exit<boolean, TransmitError> => {
    const link = this.find(peer)
    if (link === undefined) return this.isShut ? shut : unknown(peer)
    if (packet.length > this.maxPacketBytes) return Exit.fail(tooLarge(packet.length, this.maxPacketBytes))
    if (link.connection.pending() >= this.highWaterMark) return full
    const frame = this.frame(packet)
    return frame instanceof Uint8Array ? link.offer(frame) : frame
  }

  readonly send = (peer: Peer, packet: Uint8Array): Effect.Effect<void, TransmitError> =>
    Effect.suspend(() => {
      const offered = this.offer(peer, packet)
      if (Exit.isFailure(offered)) return offered
      const link = this.find(peer)
      if (offered.value || link === undefined) return Exit.void
      const frame = this.frame(packet)
      return frame instanceof Uint8Array ? link.write(frame) : Exit.asVoid(frame)
    })

  readonly connect = (endpoint: string): Effect.Effect<Peer, ReachError> =>
    Effect.flatMap(fromString(endpoint), (address) =>
      Effect.flatMap(this.adopt(this.transport.connect(address, this.socketOptions), true), (link) =>
        link === undefined ? Exit.fail(new DuctClosed({ operation: "connect" })) : Exit.succeed(link.peer)
      )
    )

  readonly close = (peer: Peer): Effect.Effect<void> =>
    Effect.sync(() => {
      const link = this.links.get(peer.id)
      if (link === undefined) return
      link.stop()
      this.inbox.drop(peer)
      this.release(link, Exit.void)
    })

  /** Accepts until the listener ends, and while not too many wait to be heard of. */
  readonly accept: Effect.Effect<void> = Effect.suspend(() => {
    const { listener } = this
    if (listener === undefined) return Effect.void
    const one = Effect.zipRight(this.room, this.adopt(listener.accept, false))
    return Effect.catchAll(Effect.forever(one), (error) => Effect.sync(() => this.deaf(error)))
  })

  /** Forgets the connection, and closes it in the background; only when that is over is this transport closed. */
  release(link: Link, exit: Exit.Exit<unknown, unknown>): void {
    if (!this.links.delete(link.peer.id)) return
    link.isReleased = true
    const done = Effect.runPromise(link.close(exit))
    this.closing.add(done)
    void done.finally(() => this.closing.delete(done))
  }

  /** Closes everything: bytes that were taken leave first when the scope ended well. */
  shut(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.isShut = true
      this.end()
      for (const link of [...this.links.values()]) this.release(link, exit)
      return Effect.promise(() => Promise.all(this.closing))
    })
  }

  private find(peer: Peer): Link | undefined {
    const link = linkOf(peer)
    if (link === undefined || link.owner !== this) return this.links.get(peer.id)
    return link.isReleased ? undefined : link
  }

  /** Owns what is opened from the very moment that it is open. */
  private adopt<E>(
    open: Effect.Effect<Connection, E, Scope.Scope>,
    isOurs: boolean
  ): Effect.Effect<Link | undefined, E> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Scope.make(), (scope) =>
        restore(Scope.extend(open, scope)).pipe(
          Effect.onError(() => Scope.close(scope, abandoned)),
          Effect.flatMap((connection) =>
            this.isShut ? Effect.as(Scope.close(scope, Exit.void), undefined) : this.join(connection, scope, isOurs)
          )
        )
      )
    )
  }

  private join(connection: Connection, scope: Scope.CloseableScope, isOurs: boolean): Effect.Effect<Link> {
    return Effect.suspend(() => {
      const endpoint = format(connection.remoteAddress)
      // Joined, as `format` does: a text that was added up is kept in parts.
      const id = [endpoint, ++this.lastNumber].join("#")
      const link = new Link(this, id, endpoint, connection, scope)
      this.links.set(link.peer.id, link)
      this.inbox.join(link.peer, isOurs)
      if (this.isStarted) link.read()
      return Exit.succeed(link)
    })
  }

  private readonly room = Effect.suspend(() =>
    this.inbox.unseenJoins < this.backlog
      ? Effect.void
      : Effect.async<void>((resume) => {
          this.resumeAccept = () => resume(Effect.void)
        })
  )

  private wakeAccept(): void {
    const resume = this.resumeAccept
    this.resumeAccept = undefined
    resume?.()
  }

  private deaf(error: AcceptError): void {
    if (error._tag === "DuctClosed") return
    const { code } = error
    this.end(new LocalSocketFault({ operation: "accept", cause: error, ...(code === undefined ? {} : { code }) }))
  }

  /** What the inbox would not take any more is not read either. */
  private end(error?: LocalSocketFault): void {
    for (const link of this.links.values()) link.stop()
    this.inbox.end(error)
  }

  /** The packet as it goes over the wire. A broadcast gives the same one for peer after peer: it is made once. */
  private frame(packet: Uint8Array): Uint8Array | Exit.Exit<never, SerializeError> {
    if (this.last?.packet === packet) return this.last.frame
    const { headerBytes, name, trailerBytes } = this.framing
    const frame = new Uint8Array(headerBytes + packet.length + trailerBytes)
    frame.set(packet, headerBytes)
    const problem = this.framing.seal(frame, 0, packet.length)
    if (problem !== undefined) return Exit.fail(new SerializeError({ serializer: name, problem }))
    if (this.last === undefined) queueMicrotask(this.forgetLast)
    this.last = { packet, frame }
    return frame
  }

  private readonly forgetLast = (): void => {
    this.last = undefined
  }
}

/** A second is enough for a peer that reads, and one that does not should not hold up who leaves. */
const socketOptions = (options: StreamPeersOptions): SocketOptions => ({
  linger: options.linger ?? "1 second",
  highWaterMark: sizeOr(options.highWaterMark, defaultHighWaterMark),
  ...(options.noDelay === undefined ? {} : { noDelay: options.noDelay }),
  ...(options.keepAlive === undefined ? {} : { keepAlive: options.keepAlive }),
  ...(options.readAhead === undefined ? {} : { readAhead: options.readAhead })
})
