export interface Case {
  readonly title: string
  readonly unit: "ns a message" | "bytes taken"
  /** Work in one round of each contender. */
  readonly count: number
  /** The contender that the ratios are to. */
  readonly baseline: string
  readonly contenders: ReadonlyArray<string>
  /** What is wanted of the first contender, as text and as a check of its ratio or figure. */
  readonly target: string
  readonly isMet: (figure: number, ratio: number) => boolean
}

export const cases: ReadonlyArray<Case> = [
  {
    title: "round trip of 92-byte JSON",
    unit: "ns a message",
    count: 3000,
    baseline: "net echo",
    contenders: ["duct echo", "duct schema echo", "child_process echo"],
    target: "at most 1.6 times node:net",
    isMet: (_, ratio) => ratio <= 1.6
  },
  {
    title: "one way, 65-byte JSON",
    unit: "ns a message",
    count: 50_000,
    baseline: "child_process one way",
    contenders: ["duct sendAll", "duct send each", "net one way"],
    target: "at least 3 times as fast as child_process",
    isMet: (_, ratio) => ratio <= 1 / 3
  },
  {
    title: "a large message of bytes, acknowledged",
    unit: "ns a message",
    count: 16,
    baseline: "duct 1 MiB",
    contenders: ["duct 16 MiB"],
    target: "16 MiB cost at most 20 times 1 MiB",
    isMet: (_, ratio) => ratio <= 20
  },
  {
    title: "1 GiB offered to a reader that stalls",
    unit: "bytes taken",
    count: 1,
    baseline: "duct stalled",
    contenders: ["duct stalled"],
    target: "under 1 MiB is taken",
    isMet: (figure) => figure < 1024 * 1024
  }
]
