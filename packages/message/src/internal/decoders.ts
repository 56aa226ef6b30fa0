import { unfilled } from "@ductworks/core/Buffers"
import type { Decoder, Framing } from "../Framing.js"

// One is enough: ducts of a thread decode one after the other, and it stays in the processor's cache where one for each of
// a thousand does not.
let spare: Decoder | undefined
let spareFraming: Framing | undefined
let spareLimit = 0

/** A decoder for a stream that stands between two frames. */
export const takeDecoder = (framing: Framing, limit: number): Decoder => {
  if (spare === undefined || spareFraming !== framing || spareLimit !== limit) return framing.decoder(limit, unfilled)
  const decoder = spare
  spare = spareFraming = undefined
  return decoder
}

/** For who has it no more, if it {@link Decoder.isFresh}. Whether it is taken. */
export const giveDecoder = (framing: Framing, limit: number, decoder: Decoder): boolean => {
  if (decoder.isFresh?.() !== true) return false
  spare = decoder
  spareFraming = framing
  spareLimit = limit
  return true
}
