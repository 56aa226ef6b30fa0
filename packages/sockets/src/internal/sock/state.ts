import * as Effect from "effect/Effect"
import type { SocketAddress } from "../../SocketAddress.js"
import { SOCK } from "../../SocketConstants.js"
import { SocketClosed, type SocketError } from "../../SocketError.js"
import { badDescriptor, fault, isBlocked, notSupported, wouldWait } from "../errno.js"
import type { Direction, Port } from "../port.js"
import { unsupported } from "../unsupported.js"
import { Carry } from "./carry.js"
import { Half, type Owner } from "./half.js"
import { Pace } from "./pace.js"
import type { System } from "./system.js"

/** A connection that was accepted. */
export interface Accepted {
  readonly port: Port
  readonly address: SocketAddress
}

/** What the operations of a socket share. */
export class SockState implements Owner {
  readonly reading: Half = new Half(this, "read")
  readonly writing: Half = new Half(this, "write")
  readonly pace: Pace
  readonly isStream: boolean
  private isClosed = false
  private held: Carry | undefined
  private lent: { readonly buffer: Uint8Array; readonly filled: number } | undefined
  private accepted: Array<Accepted> | undefined

  constructor(
    readonly port: Port,
    readonly system: System
  ) {
    this.pace = new Pace(system.maxImmediate)
    this.isStream = port.type === SOCK.STREAM
  }

  /** Received, not handed out. */
  get carry(): Carry {
    return (this.held ??= new Carry())
  }

  get carried(): number {
    return this.held === undefined ? 0 : this.held.size
  }

  /** Of the caller's buffer, so much is filled while the caller waits for the rest. */
  lend(buffer: Uint8Array, filled: number): void {
    this.lent = filled === 0 ? undefined : { buffer, filled }
  }

  /** Ends a loan; copies what was carried behind what is filled already. How much. */
  takeBack(buffer: Uint8Array, filled: number): number {
    this.lent = undefined
    if (this.carried === 0) return 0
    const bytes = this.carry.take(buffer.length - filled)
    buffer.set(bytes, filled)
    return bytes.length
  }

  abandoned(direction: Direction): void {
    if (direction === "write" || this.lent === undefined) return
    const { buffer, filled } = this.lent
    this.lent = undefined
    this.carry.append(buffer.subarray(0, filled))
  }

  /** Accepted, not handed out. */
  get backlog(): Array<Accepted> {
    return (this.accepted ??= [])
  }

  get hasBacklog(): boolean {
    return this.accepted !== undefined && this.accepted.length > 0
  }

  readonly close = Effect.sync(() => {
    if (this.isClosed) return
    this.isClosed = true
    this.held = undefined
    for (const { port } of this.accepted ?? []) port.close()
    this.accepted = undefined
    this.port.close()
    this.reading.close()
    this.writing.close()
  })

  readonly error = (operation: string, result: number, address?: string): SocketError => {
    if (this.isClosed) return new SocketClosed({ operation })
    if (result === notSupported && this.port.native === undefined) return unsupported(operation)
    return fault(operation, result, address)
  }

  /** As {@link error}; the same one every time where the operation would have to wait: that is no news. */
  readonly errorNow = (operation: string, result: number): SocketError =>
    isBlocked(result) && !this.isClosed ? wouldWait(operation) : this.error(operation, result)

  /** One call that never waits. */
  call(operation: string, step: () => number): Effect.Effect<number, SocketError> {
    return Effect.suspend(() => {
      const result = this.isClosed ? badDescriptor : step()
      return result < 0 ? Effect.fail(this.error(operation, result)) : Effect.succeed(result)
    })
  }
}
