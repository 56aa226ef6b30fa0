import * as Metric from "effect/Metric"
import type { InetAddress } from "../../SocketAddress.js"

/** Datagrams that were dropped because nobody received those before them. */
export const dropped = Metric.counter("ductworks_sockets_datagrams_dropped", {
  description: "datagrams that portable sockets dropped, since nobody received those before them",
  incremental: true
})

export interface Datagram {
  readonly data: Uint8Array
  readonly from: InetAddress
}

const limit = 1024 * 1024

// What a datagram takes besides its bytes, so that empty ones have a bound, too; as the kernel charges its buffers.
const overhead = 256

/**
 * Datagrams that arrived and were not received yet, up to 1 MiB. `node:dgram` cannot be told to stop reading, so what
 * comes beyond is dropped here, as the kernel drops what its buffer does not hold.
 */
export class DatagramQueue {
  private waiting: Array<Datagram> = []
  private size = 0

  push(datagram: Datagram): void {
    const cost = datagram.data.length + overhead
    if (this.size + cost > limit) {
      dropped.unsafeUpdate(1, [])
      return
    }
    this.size += cost
    this.waiting.push(datagram)
  }

  peek(): Datagram | undefined {
    return this.waiting[0]
  }

  shift(): void {
    const datagram = this.waiting.shift()
    if (datagram !== undefined) this.size -= datagram.data.length + overhead
  }
}
