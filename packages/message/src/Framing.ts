/**
 * How a stream of bytes is cut into messages, without any I/O: bytes in, frames or one fault out. Imports nothing.
 *
 * @since 0.1.0
 */

/**
 * Why a stream cannot be cut any further.
 *
 * @since 0.1.0
 * @category models
 */
export type Fault =
  | { readonly _tag: "BadMagic"; readonly expected: number; readonly received: number }
  | { readonly _tag: "TooLarge"; readonly size: number; readonly limit: number }

/**
 * The receiving side of one stream. Any chunking of the same bytes gives the same frames. It never holds more than the
 * bytes received and one header, and never allocates from a length that it has not checked against the limit. Room that
 * it was asked for is at most 1 MiB, or sixteen times what has been received.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decoder {
  /** Adds bytes, which the decoder owns from here on; frames may be views of them. */
  readonly push: (chunk: Uint8Array) => void
  /** The payload of the next whole frame; `undefined` until more bytes come; the fault, for ever, once there was one. */
  readonly next: () => Uint8Array | Fault | undefined
  /**
   * The frame that has begun and is not whole: bytes of it that are here, and bytes it will have (header and trailer
   * included), as far as that is known; `undefined` between frames. Meaningful after `next` returned `undefined`.
   */
  readonly partial: () => { readonly received: number; readonly expected: number } | undefined
  /**
   * Room for the next bytes of a large frame that has begun, so that they can be read straight into its payload:
   * {@link Decoder.filled} says how many came. `undefined` where there is nothing to gain. Like `partial`, meaningful
   * after `next` returned `undefined`. The room is used before anything else is done with the decoder.
   */
  readonly room?: () => Uint8Array | undefined
  /** So many bytes of the start of `room` have come. */
  readonly filled?: (count: number) => void
  /**
   * Consumes the next whole frames, as many as stand in one piece, and copies them to the start of the target as they
   * came, header, payload and trailer. The sizes of their payloads; none where copying is not worth it, or where `next`
   * would not give a frame.
   */
  readonly copyFrames?: (target: Uint8Array) => ReadonlyArray<number>
  /** The payload that `next` gave last is needed no more: its memory may get that of a later one, of any stream. */
  readonly reuse?: (payload: Uint8Array) => void
}

/**
 * One way to cut a stream into payloads. It is a description without state, so that one value serves any number of
 * ducts; what belongs to a stream is in its {@link Decoder}. Nothing in it throws.
 *
 * @since 0.1.0
 * @category models
 */
export interface Framing {
  readonly name: string
  /** Bytes before each payload. */
  readonly headerBytes: number
  /** Bytes after each payload. */
  readonly trailerBytes: number
  /** The largest payload the header can tell of. */
  readonly maxPayloadBytes: number
  /**
   * Completes a frame in place: the payload of `length` bytes stands at `offset + headerBytes` of the target. Returns
   * what is wrong when the payload cannot be carried (a newline in a line).
   */
  readonly seal: (target: Uint8Array, offset: number, length: number) => string | undefined
  /**
   * Whether `seal` is sure to carry this text, if it is no larger than `maxPayloadBytes`. Such texts may be encoded many
   * at once. Default: of none.
   */
  readonly carries?: (text: string) => boolean
  /**
   * Whether `seal` writes the header and looks at nothing else, and there is no trailer. A large payload then need not
   * stand behind its header, and leaves without a copy. Default false.
   */
  readonly isHeaderOnly?: boolean
  /**
   * A decoder for one stream. `limit`: the largest payload that is accepted, in bytes. `memory` gives so many bytes of memory
   * of their own, with anything in them, for what is read straight into a payload; default `new Uint8Array(size)`.
   */
  readonly decoder: (limit: number, memory?: (size: number) => Uint8Array) => Decoder
}

/**
 * The byte that begins every frame of {@link ductworks}: `"T"`.
 *
 * @since 0.1.0
 * @category constants
 */
export const magicByte = 0x54

/**
 * The wire of ductworks: `0x54`, the payload's length as an unsigned 32-bit big-endian number, the payload. A payload
 * may be empty. Any other first byte is a `BadMagic`, reported as soon as that one byte is here.
 *
 * @example
 * import { Framing } from "@ductworks/message"
 *
 * const frame = new Uint8Array(5 + 2)
 * frame.set([0x68, 0x69], 5) // "hi"
 * Framing.ductworks.seal(frame, 0, 2)
 * console.log(frame) // 54 00 00 00 02 68 69
 *
 * const decoder = Framing.ductworks.decoder(1024)
 * decoder.push(frame.subarray(0, 4))
 * console.log(decoder.next()) // undefined: the header is not whole
 * decoder.push(frame.subarray(4))
 * console.log(decoder.next()) // 68 69
 *
 * @since 0.1.0
 * @category framings
 */
export const ductworks: Framing = {
  name: "ductworks",
  headerBytes: 5,
  trailerBytes: 0,
  maxPayloadBytes: 0xffffffff,
  seal: (target, offset, length) => {
    if (length > 0xffffffff) return tooLong
    target[offset] = magicByte
    setUint32(target, offset + 1, length)
    return undefined
  },
  carries: () => true,
  isHeaderOnly: true,
  decoder: (limit, memory) => new PrefixDecoder(magicByte, limit, memory)
}

/**
 * The payload's length as an unsigned 32-bit big-endian number, then the payload. A stream that is out of step cannot
 * be told from a good one, except by a length over the limit.
 *
 * @since 0.1.0
 * @category framings
 */
export const lengthPrefix32: Framing = {
  name: "lengthPrefix32",
  headerBytes: 4,
  trailerBytes: 0,
  maxPayloadBytes: 0xffffffff,
  seal: (target, offset, length) => {
    if (length > 0xffffffff) return tooLong
    setUint32(target, offset, length)
    return undefined
  },
  carries: () => true,
  isHeaderOnly: true,
  decoder: (limit, memory) => new PrefixDecoder(undefined, limit, memory)
}

/**
 * A payload and a newline (0x0a). A carriage return before the newline belongs to the payload. The limit bounds an
 * unfinished line too; the `size` of its `TooLarge` is one more than the limit, since nobody knows how long it would
 * have become. Bytes after the last newline are a partial frame, never a message.
 *
 * @since 0.1.0
 * @category framings
 */
export const lines: Framing = {
  name: "lines",
  headerBytes: 0,
  trailerBytes: 1,
  maxPayloadBytes: Number.MAX_SAFE_INTEGER,
  seal: (target, offset, length) => {
    const end = offset + length
    for (let i = offset; i < end; i++) {
      if (target[i] === NEWLINE) return `a line cannot carry a newline, and byte ${i - offset} of the payload is one`
    }
    target[end] = NEWLINE
    return undefined
  },
  carries: (text) => !text.includes("\n"),
  decoder: (limit) => new LineDecoder(limit)
}

const NEWLINE = 0x0a

const tooLong = "a payload of 4 GiB or more does not fit the 32-bit length of the header"

const setUint32 = (target: Uint8Array, offset: number, value: number): void => {
  target[offset] = value >>> 24
  target[offset + 1] = value >>> 16
  target[offset + 2] = value >>> 8
  target[offset + 3] = value
}

class PrefixDecoder implements Decoder {
  private readonly pending = new Pending()
  /** The payload's length, once its header was read and was good. */
  private size: number | undefined
  /** The payload, once room for it was asked for: its first bytes, in memory of its own. Nothing is pending then. */
  private landing: Landing | undefined
  /** Whether the last payload had memory of its own. */
  private hasLanded = false
  private fault: Fault | undefined
  private readonly headerBytes: number

  constructor(
    private readonly magic: number | undefined,
    private readonly limit: number,
    private readonly memory: (size: number) => Uint8Array = cleared
  ) {
    this.headerBytes = magic === undefined ? 4 : 5
  }

  push(chunk: Uint8Array): void {
    if (this.fault !== undefined) return
    const landed = this.landing?.push(chunk) ?? 0
    if (landed < chunk.length) this.pending.push(landed === 0 ? chunk : chunk.subarray(landed))
  }

  next(): Uint8Array | Fault | undefined {
    if (this.landing !== undefined) return this.land(this.landing)
    this.hasLanded = false
    const size = this.size ?? this.begin()
    if (size === undefined || this.pending.held < size) {
      this.pending.settle()
      return this.fault
    }
    this.size = undefined
    return this.pending.take(size)
  }

  room(): Uint8Array | undefined {
    if (this.size === undefined || this.size < LAND_FROM) return undefined
    this.landing ??= new Landing(this.size, this.headerBytes, this.pending.take(this.pending.held), this.memory)
    return this.landing.room()
  }

  filled(count: number): void {
    if (this.landing !== undefined) this.landing.held += count
  }

  copyFrames(target: Uint8Array): ReadonlyArray<number> {
    const { headerBytes, limit, magic, pending } = this
    const room = Math.min(pending.firstLength, target.length)
    if (room < COPY_FROM || this.size !== undefined) return NONE
    const sizes: Array<number> = []
    let end = 0
    while (end + headerBytes <= room) {
      if (magic !== undefined && pending.at(end) !== magic) break
      const size = pending.uint32(end + headerBytes - 4)
      if (size > limit || end + headerBytes + size > room) break
      sizes.push(size)
      end += headerBytes + size
    }
    if (sizes.length < 2) return NONE
    pending.copy(target, end)
    return sizes
  }

  reuse(payload: Uint8Array): void {
    if (this.hasLanded) keep(payload.buffer)
    this.hasLanded = false
  }

  /** What came behind the payload begins the next frame. */
  private land({ held, memory, size }: Landing): Uint8Array | undefined {
    if (held < size) return undefined
    this.size = this.landing = undefined
    this.hasLanded = true
    if (held > size) this.pending.push(memory.slice(size, held))
    return memory.length === size ? memory : memory.subarray(0, size)
  }

  partial() {
    const held = this.landing?.held ?? this.pending.held
    if (this.size !== undefined) return { received: this.headerBytes + held, expected: this.headerBytes + this.size }
    return held === 0 ? undefined : { received: held, expected: this.headerBytes }
  }

  /** Reads a header: the size of what follows; `undefined` if the header is not whole, or there is a fault. */
  private begin(): number | undefined {
    const { limit, magic, pending } = this
    if (magic !== undefined && pending.held > 0) {
      const received = pending.at(0)
      if (received !== magic) return this.fail({ _tag: "BadMagic", expected: magic, received })
    }
    if (pending.held < this.headerBytes) return undefined
    const size = pending.uint32(this.headerBytes - 4)
    if (size > limit) return this.fail({ _tag: "TooLarge", size, limit })
    pending.skip(this.headerBytes)
    this.size = size
    return size
  }

  private fail(fault: Fault): undefined {
    this.fault = fault
    this.pending.clear()
  }
}

class LineDecoder implements Decoder {
  /** Chunks that were not searched to their end yet. */
  private readonly unread = new Pending()
  /** The unfinished line: searched, and without a newline, so that no byte is looked at twice. */
  private readonly line = new Pending()
  private fault: Fault | undefined

  constructor(private readonly limit: number) {}

  push(chunk: Uint8Array): void {
    if (this.fault === undefined) this.unread.push(chunk)
  }

  next(): Uint8Array | Fault | undefined {
    const { limit, line, unread } = this
    while (unread.held > 0) {
      const newline = unread.indexInFirst(NEWLINE)
      const length = newline < 0 ? unread.firstLength : newline
      if (line.held + length > limit) {
        unread.clear()
        line.clear()
        return (this.fault = { _tag: "TooLarge", size: limit + 1, limit })
      }
      const piece = unread.take(length)
      if (newline < 0) {
        line.push(piece)
        continue
      }
      unread.skip(1)
      if (line.held === 0) return piece
      line.push(piece)
      return line.take(line.held)
    }
    line.settle()
    return this.fault
  }

  partial() {
    const received = this.line.held
    return received === 0 ? undefined : { received, expected: received + 1 }
  }
}

/** Bytes that are here, from which on several frames are likely among them. */
const COPY_FROM = 256

const NONE: ReadonlyArray<number> = []

/** The smallest payload that is read into memory of its own: below, one read brings many, and a copy costs less. */
const LAND_FROM = 16 * 1024

/** Reserved for a payload whose bytes are not here, and how many times what is here: a length costs its sender nothing. */
const LAND_FIRST = 1024 * 1024
const LAND_TIMES = 16

/** The largest payload that is read with the header of the next one behind it: for larger ones a read more is nothing. */
const TAIL_UP_TO = 256 * 1024

/** The first bytes of a large payload, in memory that grows with them and ends up as the payload. */
class Landing {
  held: number
  memory: Uint8Array
  private readonly whole: number

  constructor(
    readonly size: number,
    headerBytes: number,
    received: Uint8Array,
    private readonly fresh: (size: number) => Uint8Array
  ) {
    this.whole = size <= TAIL_UP_TO ? size + headerBytes : size
    this.held = received.length
    this.memory = received
    this.grow()
  }

  /** Where the next bytes go; not empty before all are here. */
  room(): Uint8Array {
    if (this.held === this.memory.length) this.grow()
    return this.held === 0 ? this.memory : this.memory.subarray(this.held)
  }

  /** Takes as much of the chunk as belongs to the payload; how much. */
  push(chunk: Uint8Array): number {
    let taken = 0
    while (taken < chunk.length && this.held < this.size) {
      const room = this.room()
      const part = chunk.subarray(taken, taken + Math.min(room.length, this.size - this.held))
      room.set(part)
      this.held += part.length
      taken += part.length
    }
    return taken
  }

  private grow(): void {
    const memory =
      takeSpare(this.whole) ?? this.fresh(Math.min(this.whole, Math.max(LAND_FIRST, LAND_TIMES * this.held)))
    memory.set(this.memory)
    this.memory = memory
  }
}

/** The largest memory that is kept for a later payload, and that: one a thread. */
const SPARE_UP_TO = LAND_FIRST
let spare: ArrayBufferLike | undefined

const keep = (buffer: ArrayBufferLike): void => {
  if (buffer.byteLength <= SPARE_UP_TO && buffer.byteLength >= (spare?.byteLength ?? 0)) spare = buffer
}

const takeSpare = (size: number): Uint8Array | undefined => {
  const buffer = spare
  if (buffer === undefined || buffer.byteLength < size) return undefined
  spare = undefined
  return new Uint8Array(buffer, 0, size)
}

const cleared = (size: number): Uint8Array => new Uint8Array(size)

const EMPTY = new Uint8Array(0)

/** Pieces from which on the queue joins small neighbours, and the size up to which it does. */
const JOIN_FROM = 16
const JOIN_UP_TO = 8192

/**
 * Bytes that were received and not consumed, in order. `first[from...]` is the first piece, `rest[head...]` are those
 * after it; what was consumed is not referenced any more.
 */
class Pending {
  held = 0
  private first: Uint8Array = EMPTY
  /** `first.buffer` and `first.byteOffset`, because a view made from them costs a third of `subarray` (measured). */
  private buffer: ArrayBufferLike = EMPTY.buffer
  private base = 0
  private from = 0
  private rest: Array<Uint8Array> = []
  private head = 0

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    if (this.held === 0) {
      this.setFirst(chunk)
    } else {
      this.rest.push(owned(chunk))
      if (this.rest.length - this.head > JOIN_FROM) this.join()
    }
    this.held += chunk.length
  }

  /** The byte at `index`, which is below `held`. */
  at(index: number): number {
    let position = this.from + index
    if (position < this.first.length) return this.first[position] ?? 0
    position -= this.first.length
    for (let i = this.head; i < this.rest.length; i++) {
      const piece = this.rest[i] ?? EMPTY
      if (position < piece.length) return piece[position] ?? 0
      position -= piece.length
    }
    return 0
  }

  uint32(index: number): number {
    return ((this.at(index) << 24) | (this.at(index + 1) << 16) | (this.at(index + 2) << 8) | this.at(index + 3)) >>> 0
  }

  get firstLength(): number {
    return this.first.length - this.from
  }

  /** Where in the first piece the byte is, or -1. */
  indexInFirst(byte: number): number {
    const index = this.first.indexOf(byte, this.from)
    return index < 0 ? -1 : index - this.from
  }

  /** Removes bytes; at most `held`. */
  skip(count: number): void {
    this.held -= count
    this.from += count
    while (this.from >= this.first.length && this.first.length > 0) this.shift(this.from - this.first.length)
  }

  /** Removes bytes and returns them: a view where they are in one piece, else gathered, once. At most `held`. */
  take(count: number): Uint8Array {
    if (this.from + count <= this.first.length) {
      const view = new Uint8Array(this.buffer, this.base + this.from, count)
      this.skip(count)
      return view
    }
    const gathered = new Uint8Array(count)
    for (let filled = 0; filled < count;) {
      const length = Math.min(this.firstLength, count - filled)
      gathered.set(new Uint8Array(this.buffer, this.base + this.from, length), filled)
      filled += length
      this.skip(length)
    }
    return gathered
  }

  /** Removes bytes of the first piece and copies them; at most `firstLength`. */
  copy(target: Uint8Array, count: number): void {
    target.set(new Uint8Array(this.buffer, this.base + this.from, count))
    this.skip(count)
  }

  /** What is left stays for a while: does not let a few bytes keep a big chunk alive. */
  settle(): void {
    const length = this.firstLength
    if (length === 0 || length * 4 >= this.buffer.byteLength) return
    this.setFirst(new Uint8Array(this.first.subarray(this.from)))
  }

  clear(): void {
    this.held = 0
    this.rest = []
    this.head = 0
    this.setFirst(EMPTY)
  }

  private setFirst(chunk: Uint8Array): void {
    this.first = chunk
    this.buffer = chunk.buffer
    this.base = chunk.byteOffset
    this.from = 0
  }

  private shift(from: number): void {
    const { head, rest } = this
    this.setFirst(rest[head] ?? EMPTY)
    this.from = from
    if (head + 1 >= rest.length) {
      if (rest.length > 0) this.rest = []
      this.head = 0
      return
    }
    rest[head] = EMPTY
    this.head = head + 1
    if (this.head > 64 && this.head * 2 > rest.length) {
      this.rest = rest.slice(this.head)
      this.head = 0
    }
  }

  /**
   * A 16 MiB message in 1-byte chunks would be 16 million objects of some 200 bytes each. Joining the last piece to its
   * neighbour while that is less than twice as long keeps their number small; a byte is copied at most a dozen times.
   */
  private join(): void {
    const { head, rest } = this
    while (rest.length - head > 1) {
      const last = rest[rest.length - 1] ?? EMPTY
      const before = rest[rest.length - 2] ?? EMPTY
      if (before.length >= 2 * last.length || before.length + last.length > JOIN_UP_TO) return
      const joined = new Uint8Array(before.length + last.length)
      joined.set(before)
      joined.set(last, before.length)
      rest.pop()
      rest[rest.length - 1] = joined
    }
  }
}

/** A piece that is less than a quarter of its memory is copied out of it before it is kept. */
const owned = (chunk: Uint8Array): Uint8Array =>
  chunk.length * 4 < chunk.buffer.byteLength ? new Uint8Array(chunk) : chunk
