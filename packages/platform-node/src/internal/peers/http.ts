import { sizeOr } from "@ductworks/core/Connection"
import { Unsupported } from "@ductworks/core/DuctError"
import { SerializeError } from "@ductworks/message/MessageError"
import { PeerLost, type TransmitError } from "@ductworks/peers/PeerError"
import * as PeerInbox from "@ductworks/peers/PeerInbox"
import { Peer, type PeerTransportService } from "@ductworks/peers/PeerTransport"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { HttpPeersOptions } from "../../NodeHttpPeers.js"
import { Counters, shut, taken, tooLarge, unknown } from "./common.js"

type Response = HttpServerResponse.HttpServerResponse
type Answer = (response: Response) => void

const utf8 = new TextEncoder()
const status = (code: number): Response => HttpServerResponse.empty({ status: code })
const unsupported = new Unsupported({ operation: "connect", problem: "HTTP peers are requests; use an HTTP client" })

/** What the reasons of `RequestFailed` are in HTTP. */
const failures: Readonly<Record<string, number>> = { NoHandler: 404, Undecodable: 400, TooMany: 503 }

/** Requests as peers: each joins, sends one packet, is answered with one, and leaves. */
export class HttpPeers implements PeerTransportService {
  readonly kind = "stream"
  readonly maxPacketBytes: number
  readonly inbox: PeerInbox.PeerInbox
  readonly receive: PeerTransportService["receive"]
  readonly take: PeerInbox.PeerInbox["take"]
  readonly onArrival: PeerInbox.PeerInbox["onArrival"]
  readonly pause: PeerTransportService["pause"]
  private readonly counters = new Counters()
  readonly stats = this.counters.stats
  private readonly answers = new Map<string, Answer>()
  /** Requests whose body is not here yet. */
  private reading = 0
  private readonly backlog: number
  private lastNumber = 0
  private isShut = false

  constructor(
    readonly endpoints: ReadonlyArray<string>,
    private readonly options: HttpPeersOptions
  ) {
    this.maxPacketBytes = sizeOr(options.maxPacketBytes, 1024 * 1024)
    this.backlog = sizeOr(options.backlog, 64)
    this.inbox = new PeerInbox.PeerInbox(options)
    this.receive = this.inbox.receive
    this.take = this.inbox.take
    this.onArrival = this.inbox.onArrival
    this.pause = this.inbox.pause
  }

  readonly connect = (): Exit.Exit<never, Unsupported> => Exit.fail(unsupported)

  readonly offer = (peer: Peer, packet: Uint8Array): Exit.Exit<boolean, TransmitError> => {
    const answer = this.answers.get(peer.id)
    if (answer === undefined) return this.isShut ? shut : unknown(peer)
    if (packet.length > this.maxPacketBytes) return Exit.fail(tooLarge(packet.length, this.maxPacketBytes))
    const response = responseOf(packet)
    if (typeof response === "string") {
      return Exit.fail(new SerializeError({ serializer: "http", problem: response }))
    }
    this.answers.delete(peer.id)
    this.inbox.leave(peer)
    answer(response)
    return taken
  }

  readonly send = (peer: Peer, packet: Uint8Array): Exit.Exit<void, TransmitError> =>
    Exit.asVoid(this.offer(peer, packet))

  readonly close = (peer: Peer): Effect.Effect<void> =>
    Effect.sync(() => {
      const answer = this.answers.get(peer.id)
      if (answer === undefined) return
      this.answers.delete(peer.id)
      this.inbox.drop(peer)
      answer(status(503))
    })

  /** What the HTTP server runs for each request. */
  readonly handle = (request: HttpServerRequest): Effect.Effect<Response> =>
    Effect.suspend(() => {
      if (!this.hasRoom()) return this.refuse
      // Said before it is read: a body that turns out too large costs the connection.
      if (Number(request.headers["content-length"] ?? 0) > this.maxPacketBytes) return this.refuseBody
      return Effect.matchEffect(this.read(request), {
        onSuccess: (body) => this.ask(request, body),
        onFailure: () => this.refuseBody
      })
    })

  shut(): void {
    this.isShut = true
    this.inbox.end()
    for (const answer of this.answers.values()) answer(status(503))
    this.answers.clear()
  }

  private read(request: HttpServerRequest) {
    this.reading++
    return Effect.ensuring(
      HttpIncomingMessage.withMaxBodySize(request.text, Option.some(this.maxPacketBytes)),
      Effect.sync(() => this.reading--)
    )
  }

  private readonly refuseBody: Effect.Effect<Response> = Effect.sync(() => {
    this.counters.oversize++
    return status(413)
  })

  private readonly refuse: Effect.Effect<Response> = Effect.sync(() => {
    this.counters.refused++
    return status(503)
  })

  private hasRoom(): boolean {
    const requests = this.answers.size + this.reading
    return !this.isShut && requests < this.maxRequests && this.inbox.unseenJoins < this.backlog
  }

  private get maxRequests(): number {
    return sizeOr(this.options.maxRequests, 1000)
  }

  private ask(request: HttpServerRequest, body: string): Effect.Effect<Response> {
    // Others may have come while the body was read.
    if (!this.hasRoom()) return this.refuse
    const number = ++this.lastNumber
    const from = `http://${Option.getOrElse(request.remoteAddress, () => "")}`
    const peer = Peer(`${from}#${number}`, from)
    const head = { path: request.url, headers: request.headers, body }
    const packet = utf8.encode(JSON.stringify([request.method, head, number]))
    const lost = new PeerLost({ operation: "receive", peer: peer.id, reason: "Vanished" })
    return Effect.async<Response>((resume) => {
      this.answers.set(peer.id, (response) => resume(Exit.succeed(response)))
      this.inbox.join(peer, false)
      this.inbox.push(peer, packet)
      return Effect.sync(() => {
        if (this.answers.delete(peer.id)) this.inbox.leave(peer, lost)
      })
    }).pipe(
      // A server may run its handlers uninterruptible, and the time-out could not end the wait then.
      Effect.interruptible,
      Effect.timeoutTo({
        duration: this.options.timeout ?? "30 seconds",
        onSuccess: (response) => response,
        onTimeout: () => status(504)
      })
    )
  }
}

/** The response, or why the packet is none: what a handler returns becomes `["~reply", data, id]` in the JSON format. */
const responseOf = (packet: Uint8Array): Response | string => {
  const message = parse(packet)
  if (!Array.isArray(message)) return "an answer is a JSON array of type, data and id"
  const parts: ReadonlyArray<unknown> = message
  const [type, data] = parts
  if (type === "~error") return status(typeof data === "string" ? (failures[data] ?? 500) : 500)
  if (type !== "~reply") return "a request takes nothing but its reply"
  const reply = isReply(data) ? data : { body: data ?? null }
  const options = { status: reply.status ?? 200, headers: reply.headers ?? {} }
  if (reply.body === undefined) return HttpServerResponse.empty(options)
  return typeof reply.body === "string"
    ? HttpServerResponse.text(reply.body, options)
    : HttpServerResponse.unsafeJson(reply.body, options)
}

interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Exactly that: a record of somebody's data may have a `status` or a `body` too. A status below 200 is no answer yet. */
const isReply = (data: unknown): data is Reply => {
  if (!Predicate.isRecord(data)) return false
  const { body, headers, status, ...others } = data
  return (
    (status !== undefined || headers !== undefined || body !== undefined) &&
    Object.keys(others).length === 0 &&
    (status === undefined || isStatus(status)) &&
    (headers === undefined || (Predicate.isRecord(headers) && Object.values(headers).every(Predicate.isString)))
  )
}

const isStatus = (code: unknown): boolean => Number.isInteger(code) && Number(code) >= 200 && Number(code) <= 599

const parse = (packet: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(packet))
  } catch {
    return undefined
  }
}
