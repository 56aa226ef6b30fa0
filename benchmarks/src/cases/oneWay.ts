import { against, everywhere, figureAtMost, speedAtLeast, type Case, type Target } from "./case.js"

const group = "one way"

const sendAll = ["socket duct sendAll", "duct sendAll"]

const sendEach = ["socket duct send each", "duct send each"]

/** How many times as fast as each of the others. */
const times: ReadonlyArray<readonly [other: string, times: number]> = [
  ["child_process one way", 5],
  ["zeromq.js one way", 3],
  ["MessagePort one way", 1.2],
  ["@effect/rpc stream, ndjson", 4],
  ["@effect/rpc stream, MessagePack", 4]
]

const aheadOfOthers: ReadonlyArray<Target> = times.flatMap(([other, limit]) =>
  against([other], speedAtLeast(sendAll, limit))
)

export const oneWay: ReadonlyArray<Case> = [
  {
    group,
    title: "one way, 60-byte JSON",
    unit: "ns a message",
    count: 100_000,
    placements: everywhere,
    baseline: "net one way",
    contenders: [
      ...sendAll,
      ...sendEach,
      "child_process one way",
      "MessagePort one way",
      "zeromq.js one way",
      "@effect/rpc stream, ndjson"
    ],
    further: [
      "@effect/rpc stream, MessagePack",
      "socket duct sink",
      "duct sink",
      "socket duct schema sendAll",
      "duct schema sendAll",
      "ws one way",
      "vscode-jsonrpc one way"
    ],
    targets: [
      speedAtLeast(sendAll, 0.9),
      ...aheadOfOthers,
      ...against(["child_process one way"], speedAtLeast(sendEach, 3))
    ]
  },
  {
    group,
    title: "one way, the large texts of EX-10",
    unit: "ns a message",
    count: 250,
    placements: everywhere,
    baseline: "Python wire EX-10",
    contenders: ["socket duct EX-10", "duct EX-10"],
    targets: [speedAtLeast(["socket duct EX-10", "duct EX-10"], 6)]
  },
  {
    group,
    title: "1 GiB offered to a reader that stalls",
    unit: "bytes taken",
    count: 1,
    placements: ["two cores"],
    // A stalled reader stalls for good: one round tells all.
    rounds: 1,
    quickCount: 0,
    baseline: "duct stalled",
    contenders: ["socket duct stalled"],
    targets: [figureAtMost("duct stalled", 1024 * 1024), figureAtMost("socket duct stalled", 1024 * 1024)]
  }
]
