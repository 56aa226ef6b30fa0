import type { Address } from "@ductworks/core/Address"
import type * as Connection from "@ductworks/core/Connection"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type * as net from "node:net"
import { descriptorOf } from "./endpoint.js"

/** The two addresses of a connection, for where they cannot be asked of the system. */
export interface Ends {
  readonly localAddress: Address
  readonly remoteAddress: Address
}

/** A class, since V8 gives each result of an object spread a shape of its own, which is larger than what it describes. */
export class SocketInfo implements Connection.Info {
  readonly localAddress: Address
  readonly remoteAddress: Address

  /** @param source a socket of Node's, which an error may close before its owner does; or a descriptor that stays */
  constructor(
    ends: Ends,
    private readonly source: net.Socket | number,
    readonly linger: Duration.DurationInput,
    readonly highWaterMark: number | undefined
  ) {
    this.localAddress = ends.localAddress
    this.remoteAddress = ends.remoteAddress
  }

  get fileno() {
    return Option.fromNullable(typeof this.source === "number" ? this.source : descriptorOf(this.source))
  }
}
