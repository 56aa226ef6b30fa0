import { DuctClosed, type InvalidArgument } from "@ductworks/core/DuctError"
import { andThen } from "@ductworks/core/Settled"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Runtime from "effect/Runtime"
import { type ConnectError, PeerLost, PeerRefused, type SendError } from "../PeerError.js"
import type { Options } from "../PeerOptions.js"
import type { Messages, PeerProtocol } from "../PeerProtocol.js"
import type { PeerSocket } from "../PeerSocket.js"
import type { PeerStats } from "../PeerStats.js"
import type { Peer, PeerTransportService } from "../PeerTransport.js"
import { Calls } from "./calls.js"
import { Counters } from "./counters.js"
import { Events } from "./events.js"
import { Fibers } from "./fibers.js"
import { Registry, type Start } from "./handlers.js"
import { Intake } from "./intake.js"
import { Lanes } from "./lanes.js"
import type { Member } from "./member.js"
import type { Sink } from "./meta.js"
import { Outflow } from "./outflow.js"
import { Parser } from "./parser.js"
import { Pool } from "./pool.js"
import { Rates } from "./rates.js"
import { Receiver } from "./receiver.js"
import { Roster } from "./roster.js"
import { type Resolved, resolve } from "./settings.js"
import { control, type Entry, makeTable, type Table } from "./table.js"
import { Timers } from "./timers.js"

/** The parts of one socket, put together; types of messages are erased (`facade.ts` gives them back). */
export class Core {
  readonly settings: Resolved
  readonly counters = new Counters()
  readonly fibers: Fibers
  readonly timers: Timers
  readonly events: Events
  readonly roster: Roster
  readonly outflow: Outflow
  readonly calls: Calls
  readonly pool: Pool
  readonly rates: Rates
  readonly handlers = new Registry<Start>()
  /** The meta sockets that it belongs to. */
  readonly sinks = new Set<Sink>()
  private readonly lanes: Lanes
  private readonly receiver: Receiver
  isActive = false
  private isClosed = false
  private connecting = 0

  constructor(
    readonly transport: PeerTransportService,
    readonly protocol: PeerProtocol<string, Messages>,
    readonly table: Table,
    readonly options: Options<Messages, unknown>,
    runtime: Runtime.Runtime<unknown>,
    clock: Effect.Effect.Success<typeof Effect.clock>,
    /** What handlers, hooks and meta sockets are given. */
    readonly self: () => PeerSocket<Messages, unknown>
  ) {
    const { format } = protocol
    const settings = (this.settings = resolve(options))
    const { counters } = this
    const fibers = (this.fibers = new Fibers(runtime))
    const timers = (this.timers = new Timers(clock, fibers))
    this.events = new Events(counters)
    const roster = new Roster(transport, settings, counters, fibers, timers, this.events, options.metadata)
    this.roster = roster
    this.outflow = new Outflow(transport, format, options, settings, counters, fibers, timers, roster)
    const calls = new Calls(format.hasControl, counters, fibers, timers, roster, this.outflow)
    this.calls = calls
    const pool = (this.pool = new Pool(settings, counters, fibers, timers, calls))
    this.rates = new Rates(counters, fibers, settings.hookMillis)
    const intake = new Intake(transport, settings, counters, fibers, timers, roster, () => this.lanes, options)
    const receiver = (this.receiver = new Receiver(transport, intake, fibers, this.lost))
    const parser = new Parser(table, format, options)
    const { handlersOf } = this
    const { isGood } = intake
    const stations = { transport, settings, counters, fibers, timers, roster, parser, calls, pool, handlersOf, isGood }
    this.lanes = new Lanes(stations, receiver.retry)
  }

  /** The workers begin. */
  start(): void {
    this.isActive = true
    const { heartbeat, tickInterval } = this.settings
    this.receiver.start()
    const { tick } = this.options
    if (tick !== undefined) {
      const { context } = this.fibers.runtime
      this.rates.tick(tickInterval, (at) => Effect.provide(tick(at), context))
    }
    if (heartbeat !== undefined && this.protocol.format.hasControl)
      this.rates.start(heartbeat, heartbeat, () => this.beat)
  }

  /** Waiting callers first: they are told that it was closed, not that something was interrupted. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.isActive = false
    this.isClosed = true
    this.receiver.close()
    this.calls.close()
    this.outflow.close()
    this.timers.close()
    return Effect.ensuring(
      this.fibers.close,
      Effect.sync(() => this.events.close())
    )
  })

  private readonly lost = (cause: Cause.Cause<unknown>): void => {
    this.isActive = false
    this.fibers.error("the transport has failed: nothing is received any more", { socket: this.protocol.id }, cause)
    for (const member of [...this.roster.known.values(), ...this.roster.joining.values()]) {
      this.roster.lose(member, "Vanished")
    }
    this.events.close()
  }

  private readonly beat: Effect.Effect<void> = Effect.ignore(
    Effect.suspend(() =>
      Effect.flatMap(this.outflow.encode({ type: control.beat, data: null }), (packet) => this.outflow.beat(packet))
    )
  )

  /** The handlers of a type here, and in the meta sockets that this one belongs to. */
  private readonly handlersOf = (type: string): ReadonlyArray<Start> => {
    const own = this.handlers.of(type)
    if (this.sinks.size === 0) return own
    const handlers: Array<Start> = []
    let isOverridden = false
    for (const sink of this.sinks) isOverridden = sink.gather(this.self(), type, handlers) || isOverridden
    return isOverridden ? handlers : [...handlers, ...own]
  }

  send(entry: Entry, data: unknown, peer: Peer | undefined): Effect.Effect<void, SendError> {
    return Effect.suspend(() =>
      andThen(
        andThen(
          this.outflow.guarded("the Schema", () => entry.data.encode(data)),
          (data) => this.outflow.encode({ type: entry.wire, data })
        ),
        (packet) => this.outflow.transmit(packet, peer)
      )
    )
  }

  connect(endpoint: string): Effect.Effect<Peer, ConnectError> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        if (this.isClosed) return Exit.fail(new DuctClosed({ operation: "connect" }))
        if (!this.roster.hasPlace()) return Exit.fail(new PeerRefused({ peer: endpoint, by: "maxPeers" }))
        this.connecting++
        return restore(this.transport.connect(endpoint)).pipe(
          Effect.flatMap((peer) => this.introduce(peer, restore)),
          Effect.ensuring(Effect.sync(() => this.connected()))
        )
      })
    )
  }

  private connected(): void {
    this.connecting--
    if (this.connecting === 0) this.roster.leftEarly.clear()
  }

  /** The peer is there: connectTo decides. */
  private introduce(
    peer: Peer,
    restore: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
  ): Effect.Effect<Peer, ConnectError> {
    const { roster } = this
    const lost = Exit.fail(new PeerLost({ operation: "connect", peer: peer.id, reason: "Closed" }))
    if (roster.leftEarly.delete(peer.id)) return lost
    const existing = roster.find(peer)
    if (existing?.state === "known") return Exit.succeed(peer)
    const member = existing ?? roster.join(peer, true)
    return Effect.matchCauseEffect(restore(this.authenticate(member)), {
      onFailure: (cause) => {
        if (member.state !== "gone") roster.lose(member, "Refused")
        return Exit.fail(new PeerRefused({ peer: peer.id, by: "connectTo", cause: Cause.squash(cause) }))
      },
      onSuccess: () => {
        if (member.state === "gone") return lost
        if (member.state !== "known") roster.welcome(member)
        this.lanes.begin(member)
        return Exit.succeed(peer)
      }
    })
  }

  private authenticate(member: Member): Effect.Effect<unknown, unknown> {
    const { connectTo } = this.options
    if (connectTo === undefined) return Exit.void
    return this.hook(() => connectTo(member.peer, this.self()))
  }

  /** A hook that its caller waits for: with the socket's services, and an end. */
  hook(effect: () => Effect.Effect<unknown, unknown, unknown>): Effect.Effect<unknown, unknown> {
    return Effect.suspend(effect).pipe(
      Effect.provide(this.fibers.runtime.context),
      Effect.timeoutFail({ duration: this.settings.hookMillis, onTimeout: () => "it took longer than hookTimeout" })
    )
  }

  accept(peer: Peer): boolean {
    return !this.isClosed && this.roster.accept(peer)
  }

  closePeer(peer: Peer): void {
    const member = this.roster.known.get(peer.id) ?? this.roster.joining.get(peer.id)
    if (member !== undefined) this.roster.lose(member, "Closed")
  }

  stats(): PeerStats {
    return {
      ...this.counters,
      transport: this.transport.stats(),
      knownPeers: this.roster.known.size,
      runningHandlers: this.pool.running,
      queuedBytes: this.lanes.queuedBytes,
      pendingRequests: this.calls.size
    }
  }
}

/** The parts of a socket of the protocol, not yet active. */
export const makeCore = (
  transport: PeerTransportService,
  protocol: PeerProtocol<string, Messages>,
  options: Options<Messages, unknown>,
  self: () => PeerSocket<Messages, unknown>
): Effect.Effect<Core, InvalidArgument, unknown> =>
  Effect.gen(function* () {
    const table = yield* makeTable(protocol.messages, protocol.format)
    const runtime = yield* Effect.runtime<unknown>()
    return new Core(transport, protocol, table, options, runtime, yield* Effect.clock, self)
  })
