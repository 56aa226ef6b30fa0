import type { Framing } from "@ductworks/message"

export interface Outcome {
  readonly frames: ReadonlyArray<string>
  readonly fault: Framing.Fault | undefined
  readonly partial: { readonly received: number; readonly expected: number } | undefined
}

/** One frame, as a duct writes it: the payload in place, then sealed. */
export const frame = (framing: Framing.Framing, payload: Uint8Array): Buffer => {
  const bytes = Buffer.alloc(framing.headerBytes + payload.length + framing.trailerBytes, 0xee)
  bytes.set(payload, framing.headerBytes)
  const problem = framing.seal(bytes, 0, payload.length)
  if (problem !== undefined) throw new Error(problem)
  return bytes
}

/** Feeds the chunks as a duct does: all frames after each chunk. */
export const decode = (framing: Framing.Framing, limit: number, chunks: Iterable<Uint8Array>): Outcome => {
  const decoder = framing.decoder(limit)
  const frames: Array<string> = []
  let fault: Framing.Fault | undefined
  for (const chunk of chunks) {
    decoder.push(chunk)
    fault = drain(decoder, frames)
  }
  return { frames, fault, partial: fault === undefined ? decoder.partial() : undefined }
}

export const drain = (decoder: Framing.Decoder, frames: Array<string>): Framing.Fault | undefined => {
  for (;;) {
    const next = decoder.next()
    if (next === undefined) return undefined
    if (!(next instanceof Uint8Array)) return next
    frames.push(Buffer.from(next).toString("hex"))
  }
}

/** The bytes cut after each of the positions. Every piece is a copy, as if it came from the system. */
export const cut = (bytes: Uint8Array, positions: ReadonlyArray<number>): Array<Uint8Array> => {
  const edges = [0, ...positions.filter((p) => p <= bytes.length).sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((end, i) => bytes.slice(edges[i], end))
}

export const byteByByte = (bytes: Uint8Array): Array<Uint8Array> => Array.from(bytes, (byte) => Uint8Array.of(byte))
