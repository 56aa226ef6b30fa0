import type { ChildProcess } from "node:child_process"
import type { Figure } from "./figure.js"

/** One round of a contender's work, repeated `count` times. */
export type Round = (count: number) => Promise<Figure>

/** Starts the answering process of a contender; `address` is what its `answer` gets. */
export type Start = (address: string) => ChildProcess

/** One side measures, the other answers; each runs in a process of its own. */
export interface Contender {
  /** Starts the answering process, where there is one, and connects to it. Runs once, in the measuring process. */
  readonly measure: (start: Start) => Promise<Round>
  /** The answering process, which ends with its connection. */
  readonly answer?: (address: string) => Promise<void>
}

/** What is left to do before the measuring process ends: a listener at a path has a file. */
export const endings: Array<() => Promise<unknown>> = []

/** This machine lacks what a contender needs: it is left out, and the report says why. */
export class Missing extends Error {}

/** The message of the round trips: 90 bytes as JSON. */
export const message = { id: 12345, kind: "measure", text: "a quick brown fox", values: [1, 2, 3, 4, 5], done: false }

/** The message of the one-way cases: 60 bytes as JSON. */
export const small = { id: 12345, kind: "test", text: "a quick brown fox", ok: 1 }

export const now = (): bigint => process.hrtime.bigint()

/** Nanoseconds for each of `count`, since `start`. */
export const eachSince = (start: bigint, count: number): Figure => ({
  value: Number(process.hrtime.bigint() - start) / count
})

/** MiB a second since `start`. */
export const rateSince = (start: bigint, bytes: number): Figure => ({
  value: bytes / (1024 * 1024) / (Number(process.hrtime.bigint() - start) / 1e9)
})
