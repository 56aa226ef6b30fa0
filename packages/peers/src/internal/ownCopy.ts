import { Copies } from "@ductworks/core/Slab"

const copies = new Copies()

/** Of bytes that may wait for long, in the queue of a slow peer, when their owner fills them in anew. */
export const ownCopy = (bytes: Uint8Array): Uint8Array => copies.copyOf(bytes)
