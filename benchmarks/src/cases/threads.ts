import { everywhere, speedAtLeast, type Case } from "./case.js"

/** Between two threads of one process. */
export const threads: ReadonlyArray<Case> = [
  {
    group: "threads",
    title: "round trip of 90-byte JSON between threads",
    unit: "ns a message",
    count: 3000,
    quickCount: 0,
    placements: everywhere,
    baseline: "MessagePort echo",
    contenders: ["thread duct echo"],
    targets: []
  },
  {
    group: "threads",
    title: "round trip of 90-byte JSON between threads, spinning before it waits",
    unit: "ns a message",
    count: 5000,
    quickCount: 0,
    placements: ["two cores"],
    baseline: "MessagePort echo",
    contenders: ["thread duct echo, spinning"],
    targets: []
  },
  {
    group: "threads",
    title: "64-byte messages one way between threads",
    unit: "ns a message",
    count: 100_000,
    placements: everywhere,
    baseline: "MessagePort one way, 64 bytes",
    contenders: ["thread duct one way, 64 bytes"],
    targets: [speedAtLeast("thread duct one way, 64 bytes", 3)]
  }
]
