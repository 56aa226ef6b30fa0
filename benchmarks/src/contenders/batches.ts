import { small } from "../contender.js"

/** Messages that each of many senders sends before the next one has its turn. */
export const batch = Array.from({ length: 16 }, () => small)

/** Of the frames of one batch. */
export const batchBytes = batch.length * (5 + JSON.stringify(small).length)

/** Batches that are sent before they are answered for, as many by each: about what the buffer of one Unix socket holds. */
export const windowOf = (width: number): number => Math.ceil(64 / width) * width
