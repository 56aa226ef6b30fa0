import { Address, Connection, type DuctError } from "@ductworks/core"
import { Effect, Option } from "effect"

/** A driver without a system: the test says what comes and what has left, and sees what was asked of it. */
export class Scripted implements Connection.Driver {
  readonly calls: Array<string> = []
  readonly arriving: Array<Connection.Chunks | DuctError.ReadError> = []
  readonly written: Array<Uint8Array> = []
  private waiting = 0
  private broken: DuctError.WriteError | undefined
  private wakeSide: (side: "read" | "write") => void = () => {}
  lingering: Effect.Effect<void> = Effect.void
  /** Whether what is put is to look as if it waited for the end of the turn. */
  gathering = false

  readonly start = (wake: (side: "read" | "write") => void) => {
    this.calls.push("start")
    this.wakeSide = wake
  }

  readonly take = () => {
    this.calls.push("take")
    return this.arriving.shift()
  }

  readonly put = (chunks: Connection.Chunks) => {
    this.calls.push("put")
    this.written.push(...chunks)
    for (const chunk of chunks) this.waiting += chunk.length
  }

  readonly isGathering = () => this.gathering

  readonly pending = () => this.waiting

  readonly failure = () => this.broken

  readonly endWrite = Effect.sync(() => void this.calls.push("endWrite"))

  readonly close = (mode: "linger" | "now" | "reset") =>
    Effect.suspend(() => {
      this.calls.push(mode)
      return mode === "linger" ? this.lingering : Effect.void
    })

  /** Reads into the buffer what {@link take} would give; what does not fit stays. Buffers are noted. */
  readonly buffers: Array<Uint8Array> = []
  readonly takeInto = (buffer: Uint8Array) => {
    this.buffers.push(buffer)
    const taken = this.arriving.shift()
    if (taken === undefined || "_tag" in taken) return taken
    const [first, ...rest] = taken
    const fits = first.subarray(0, buffer.length)
    buffer.set(fits)
    const [left, ...more] = fits.length < first.length ? [first.subarray(fits.length), ...rest] : rest
    if (left !== undefined) this.arriving.unshift([left, ...more])
    return fits.length
  }

  arrive(...what: ReadonlyArray<Connection.Chunks | DuctError.ReadError>): void {
    this.arriving.push(...what)
    this.wakeSide("read")
  }

  leave(bytes: number): void {
    this.waiting -= bytes
    this.wakeSide("write")
  }

  break(error: DuctError.WriteError): void {
    this.broken = error
    this.wakeSide("write")
  }

  wake(side: "read" | "write"): void {
    this.wakeSide(side)
  }
}

/** Without the door straight into buffers, unless it is asked for. */
export const scripted = (options: Partial<Connection.Info> & { readonly direct?: boolean } = {}) =>
  Effect.gen(function* () {
    const driver = new Scripted()
    const { takeInto, ...rest } = driver
    const connection = yield* Connection.make(options.direct === true ? { ...rest, takeInto } : rest, {
      localAddress: Address.MemoryAddress("here"),
      remoteAddress: Address.MemoryAddress("there"),
      fileno: Option.none(),
      linger: "3 seconds",
      ...options
    })
    return { driver, connection }
  })
