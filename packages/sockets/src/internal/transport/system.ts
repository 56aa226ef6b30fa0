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
  readonly allowPeer: (credentials: Credentials, address: Address) => boolean
}

export const makeSystem = (
  binding: Binding,
  settings: Pick<System, "spin" | "sendBufferBytes" | "allowPeer">
): System => ({
  binding,
  addresses: new Addresses(binding),
  ...settings
})
