import type { SocketAddress } from "../SocketAddress.js"
import { type Binding, type Handle, mostDatagrams } from "./binding.js"
import type { Addresses } from "./nativeAddress.js"
import type { Origin } from "./port.js"

// The addon looks at every buffer that it is to use, which takes longer than another call where only a few come.
const few = 8

/** Receives many datagrams in one call. It keeps the memory that this takes, so one is enough for a thread. */
export class NativeDatagrams {
  private readonly told = new Int32Array(2 * mostDatagrams)
  private readonly from: Uint8Array
  /** A view of each address in {@link from}. */
  private readonly raw: ReadonlyArray<Uint8Array>

  constructor(
    private readonly binding: Binding,
    private readonly addresses: Addresses
  ) {
    const size = addresses.from.length
    this.from = new Uint8Array(size * mostDatagrams)
    this.raw = Array.from({ length: mostDatagrams }, (_, at) => this.from.subarray(size * at, size * (at + 1)))
  }

  /** As a port's `recvmmsg`. A connection ends with an empty datagram, which comes again for ever. */
  receive(handle: Handle, hasEnd: boolean, buffers: ReadonlyArray<Uint8Array>, received: Array<Origin>): number {
    let most = hasEnd ? 1 : few
    let isMore = true
    while (isMore && received.length < buffers.length) {
      const count = this.binding.recvmmsg(handle, buffers, received.length, most, this.told, this.from)
      if (count < 0) return count
      this.add(count, received)
      isMore = hasEnd ? this.told[0] !== 0 : count === most
      if (!hasEnd) most = mostDatagrams
    }
    return 0
  }

  private add(count: number, received: Array<Origin>): void {
    let from: SocketAddress | undefined
    for (let at = 0; at < count; at++) {
      const length = this.told[2 * at + 1] ?? 0
      // A burst comes from one place mostly.
      if (from === undefined || length >= 0) from = this.addresses.decode(length, this.raw[at])
      received.push([this.told[2 * at] ?? 0, from])
    }
  }
}
