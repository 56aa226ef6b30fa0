import { RawDuct } from "@ductworks/core"
import { Facade } from "@ductworks/core/Facade"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import type * as MessageDuct from "../MessageDuct.js"
import type { Inbound, Outbound } from "./format.js"
import { Receiver } from "./receiver.js"
import { Sender } from "./sender.js"

type Duct<Out, In> = MessageDuct.MessageDuct<Out, In>

/** A format as a duct uses it. */
export type Codec<Out, In> = Outbound<Out> & Inbound<In>

/** A message duct over a raw one. Either direction begins to exist when it is used. */
export class MessageEnd<in out Out, in out In> extends Facade implements Duct<Out, In> {
  readonly #raw: RawDuct.RawDuct
  readonly #codec: Codec<Out, In>
  readonly #timeout: Duration.Duration
  readonly #sendLock: MessageDuct.Lock | undefined
  readonly #recvLock: MessageDuct.Lock | undefined
  #sender: Sender<Out> | undefined
  #receiver: Receiver<In> | undefined
  #send: Duct<Out, In>["send"] | undefined
  #recv: Duct<Out, In>["recv"] | undefined
  #recvAll: Duct<Out, In>["recvAll"] | undefined

  constructor(raw: RawDuct.RawDuct, codec: Codec<Out, In>, settings: MessageDuct.Settings) {
    super()
    this.#raw = raw
    this.#codec = codec
    this.#timeout = settings.timeout === undefined ? RawDuct.defaultTimeout : Duration.decode(settings.timeout)
    this.#sendLock = settings.sendLock
    this.#recvLock = settings.recvLock
  }

  // --- sending

  private sending(): Sender<Out> {
    return (this.#sender ??= new Sender(this.#raw, this.#codec, this.#sendLock))
  }

  get send(): Duct<Out, In>["send"] {
    return (this.#send ??= (message) => this.sending().send(message))
  }

  get sendAll(): Duct<Out, In>["sendAll"] {
    return (messages) => this.sending().sendAll(messages)
  }

  get sink(): Duct<Out, In>["sink"] {
    return Sink.forEachChunk((messages) => this.sending().sendAll(messages))
  }

  get flush() {
    return this.#raw.flush
  }

  get endWrite() {
    return this.#raw.endWrite
  }

  // --- receiving

  private receiving(): Receiver<In> {
    return (this.#receiver ??= new Receiver(this.#raw, this.#codec, this.#timeout, this.#recvLock))
  }

  get recv(): Duct<Out, In>["recv"] {
    return (this.#recv ??= this.receiving().recv())
  }

  get recvAll(): Duct<Out, In>["recvAll"] {
    return (this.#recvAll ??= this.receiving().recvAll())
  }

  get stream(): Duct<Out, In>["stream"] {
    const next = Effect.matchEffect(this.recvAll, {
      onFailure: (error) => Exit.fail(error._tag === "RemoteDuctClosed" ? Option.none() : Option.some(error)),
      onSuccess: (messages) => Exit.succeed(Chunk.unsafeFromArray(messages))
    })
    return Stream.repeatEffectChunkOption(next)
  }

  get poll(): Duct<Out, In>["poll"] {
    return (timeout = RawDuct.defaultPollTimeout) => this.receiving().poll(Duration.decode(timeout))
  }

  // --- of the connection

  get localAddress() {
    return this.#raw.localAddress
  }

  get remoteAddress() {
    return this.#raw.remoteAddress
  }

  get fileno() {
    return this.#raw.fileno
  }

  get close() {
    return this.#raw.close
  }
}
