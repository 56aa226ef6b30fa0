import { everywhere, figureAtMost, ratioAtMost, type Case } from "./case.js"

export const ducts: ReadonlyArray<Case> = [
  {
    group: "ducts",
    title: "round trip of 92-byte JSON",
    unit: "ns a message",
    count: 3000,
    placements: everywhere,
    baseline: "net echo",
    contenders: [
      "socket duct echo",
      "socket duct schema echo",
      "duct echo",
      "duct schema echo",
      "child_process echo",
      "C echo of 97 bytes"
    ],
    targets: [
      ratioAtMost("socket duct echo", 1.15, "one core"),
      ratioAtMost("socket duct schema echo", 1.3, "one core"),
      ratioAtMost("duct echo", 1.6)
    ]
  },
  {
    group: "ducts",
    title: "round trip of 92-byte JSON, spinning before it waits",
    unit: "ns a message",
    count: 5000,
    placements: ["two cores"],
    baseline: "net echo",
    contenders: ["socket duct echo, spinning", "socket duct echo", "C echo of 97 bytes, spinning"],
    targets: [ratioAtMost("socket duct echo, spinning", 0.25)]
  },
  {
    group: "ducts",
    title: "one way, 65-byte JSON",
    unit: "ns a message",
    count: 50_000,
    placements: everywhere,
    baseline: "child_process one way",
    contenders: ["duct sendAll", "duct send each", "socket duct sendAll", "socket duct send each", "net one way"],
    targets: [ratioAtMost("duct sendAll", 1 / 3), ratioAtMost("socket duct sendAll", 1 / 3)]
  },
  {
    group: "ducts",
    title: "a large message of bytes, acknowledged",
    unit: "ns a message",
    count: 16,
    placements: everywhere,
    baseline: "duct 1 MiB",
    contenders: ["duct 16 MiB"],
    targets: [ratioAtMost("duct 16 MiB", 20)]
  },
  {
    group: "ducts",
    title: "1 GiB offered to a reader that stalls",
    unit: "bytes taken",
    count: 1,
    placements: ["two cores"],
    // A stalled reader stalls for good: one round tells all.
    rounds: 1,
    baseline: "duct stalled",
    contenders: ["socket duct stalled"],
    targets: [figureAtMost("duct stalled", 1024 * 1024), figureAtMost("socket duct stalled", 1024 * 1024)]
  }
]
