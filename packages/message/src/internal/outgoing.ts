import * as Exit from "effect/Exit"
import type { Framing } from "../Framing.js"
import { MessageTooLarge, SerializeError } from "../MessageError.js"
import { room, settle } from "./slab.js"

const encoder = new TextEncoder()

/** Payloads into frames, within the limit. The payload is copied: it may be changed at once. */
export class Outgoing {
  constructor(
    private readonly framing: Framing,
    private readonly serializer: string,
    private readonly limit: number,
    private readonly limitName: string
  ) {}

  frame(payload: Uint8Array | string): Exit.Exit<Uint8Array, MessageTooLarge | SerializeError> {
    // A code unit takes at least one byte and at most three.
    if (payload.length > this.limit) return this.tooLarge(payload.length)
    const { framing } = this
    const space = room(
      framing.headerBytes + (typeof payload === "string" ? payload.length * 3 : payload.length) + framing.trailerBytes
    )
    const start = space.offset + framing.headerBytes
    let length = payload.length
    if (typeof payload === "string") {
      length = encoder.encodeInto(payload, space.bytes.subarray(start)).written
      if (length > this.limit) return this.tooLarge(length)
    } else {
      space.bytes.set(payload, start)
    }
    const problem = framing.seal(space.bytes, space.offset, length)
    if (problem !== undefined) return Exit.fail(new SerializeError({ serializer: this.serializer, problem }))
    return Exit.succeed(settle(space, framing.headerBytes + length + framing.trailerBytes))
  }

  private tooLarge(size: number): Exit.Exit<never, MessageTooLarge> {
    return Exit.fail(new MessageTooLarge({ direction: "send", size, limit: this.limit, limitName: this.limitName }))
  }
}
