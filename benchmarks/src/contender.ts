/** What a contender gives: one round of its work, repeated `count` times, in nanoseconds; or any other figure. */
export type Round = (count: number) => Promise<number>

/** One side measures, the other answers; each runs in a process of its own. */
export interface Contender {
  /** Starts the peer process and connects to it. Runs once, in the measuring process. */
  readonly measure: () => Promise<Round>
  /** The peer process, which ends with its connection. */
  readonly answer: (address: string) => Promise<void>
}

/** The message of the round trips: 92 bytes as JSON. */
export const message = { id: 12345, kind: "measure", text: "the quick brown fox", values: [1, 2, 3, 4, 5], done: false }

/** The message of the one-way cases: 65 bytes as JSON. */
export const small = { id: 12345, kind: "measure", text: "the quick brown fox", ok: 1 }

export const now = (): bigint => process.hrtime.bigint()

export const since = (start: bigint): number => Number(process.hrtime.bigint() - start)
