import type { Decoder, Fault } from "../../Framing.js"
import { keep, LAND_FROM, Landing } from "./landing.js"
import { Pending } from "./pending.js"

/** Bytes that are here, from which on several frames are likely among them. */
const COPY_FROM = 256

const NONE: ReadonlyArray<number> = []

/** Frames of a magic byte or none, a 32-bit length, the payload. */
export class PrefixDecoder implements Decoder {
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

  push(chunk: Uint8Array, free = 0): void {
    if (this.fault !== undefined) return
    const landed = this.landing?.push(chunk) ?? 0
    if (landed < chunk.length) this.pending.push(landed === 0 ? chunk : chunk.subarray(landed), free)
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
    this.landing ??= this.landingOf(this.size)
    return this.landing.room()
  }

  /** What is here in front of the payload's rest is only its header: the memory is the payload's alone. */
  private landingOf(size: number): Landing {
    const { headerBytes, memory, pending } = this
    const free = pending.freeBehind(headerBytes)
    return new Landing(size, headerBytes, pending.take(pending.held), free, memory)
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

  partial() {
    const held = this.landing?.held ?? this.pending.held
    if (this.size !== undefined) return { received: this.headerBytes + held, expected: this.headerBytes + this.size }
    return held === 0 ? undefined : { received: held, expected: this.headerBytes }
  }

  isFresh(): boolean {
    return this.pending.held === 0 && this.size === undefined && this.landing === undefined && this.fault === undefined
  }

  /** What came behind the payload begins the next frame. */
  private land({ held, memory, size }: Landing): Uint8Array | undefined {
    if (held < size) return undefined
    this.size = this.landing = undefined
    this.hasLanded = true
    if (held > size) this.pending.push(memory.slice(size, held))
    return memory.length === size ? memory : memory.subarray(0, size)
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

const cleared = (size: number): Uint8Array => new Uint8Array(size)
