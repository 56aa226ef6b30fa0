import type { Address } from "@ductworks/core/Address"
import type * as Connection from "@ductworks/core/Connection"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** The two addresses of a connection, for where they cannot be asked of the system. */
export interface Ends {
  readonly localAddress: Address
  readonly remoteAddress: Address
}

/** A class, since V8 gives each result of an object spread a shape of its own, which is larger than what it describes. */
export class SocketInfo implements Connection.Info {
  readonly localAddress: Address
  readonly remoteAddress: Address

  /** @param descriptor `undefined` where the platform has none */
  constructor(
    ends: Ends,
    private readonly descriptor: number | undefined,
    readonly linger: Duration.DurationInput,
    readonly highWaterMark: number | undefined
  ) {
    this.localAddress = ends.localAddress
    this.remoteAddress = ends.remoteAddress
  }

  get fileno() {
    return Option.fromNullable(this.descriptor)
  }
}
