/** What all connections of one layer share: the addon of this thread, and how the layer was asked to be. */
import type { Address } from "@ductworks/core/Address"
import type { Credentials } from "../../Sock.js"
import type { Binding } from "../binding.js"
import { Addresses } from "../nativeAddress.js"

export interface System {
  readonly binding: Binding
  readonly addresses: Addresses
  /** How long a read spins before it waits, in microseconds. */
  readonly spin: number
  readonly sendBufferBytes: number
  /** Room for what the addon tells of a peer. N-API gives a typed array memory of its own, outside of V8's heap. */
  readonly credentials: Int32Array
  readonly allowPeer: (credentials: Credentials, address: Address) => boolean
}

export const makeSystem = (
  binding: Binding,
  settings: Pick<System, "spin" | "sendBufferBytes" | "allowPeer">
): System => ({
  binding,
  addresses: new Addresses(binding),
  credentials: new Int32Array(3),
  ...settings
})
