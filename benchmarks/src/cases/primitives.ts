import type { Placement } from "../placement.js"
import type { Case } from "./case.js"

const oneCore: ReadonlyArray<Placement> = ["one core"]

const group = "primitives"

/** What `docs/rationale.md` weighs against one another. */
export const primitives: ReadonlyArray<Case> = [
  {
    group,
    title: "one step of a fiber",
    unit: "ns each",
    count: 200_000,
    placements: oneCore,
    baseline: "Effect.async",
    contenders: ["Effect.async with a canceller", "Effect.sync"],
    targets: []
  },
  {
    group,
    title: "a wait for the other end, over memory",
    unit: "ns each",
    count: 5000,
    placements: oneCore,
    baseline: "readable",
    contenders: ["poll with a time-out", "readable in Effect.timeoutOption"],
    quickCount: 0,
    targets: []
  },
  {
    group,
    title: "64-byte frames one way",
    unit: "ns a message",
    count: 30_000,
    placements: oneCore,
    baseline: "a write a frame",
    contenders: ["two writes a frame", "writev of 64 frames", "a slab of 1,024 frames"],
    quickCount: 0,
    targets: []
  },
  {
    group,
    title: "32 KiB frames one way",
    unit: "ns a message",
    count: 3000,
    placements: oneCore,
    baseline: "a slab of 4 large frames",
    contenders: ["writev of 4 large frames"],
    quickCount: 0,
    targets: []
  },
  {
    group,
    title: "round trip of a lone message",
    unit: "ns a message",
    count: 5000,
    placements: oneCore,
    baseline: "leaves at once",
    contenders: ["leaves in a microtask", "leaves in a tick", "leaves in setImmediate"],
    quickCount: 0,
    targets: []
  },
  {
    group,
    title: "a copy of what was received",
    unit: "ns each",
    count: 200_000,
    placements: oneCore,
    baseline: "64 bytes",
    contenders: ["65 bytes", "65 bytes into a slab"],
    quickCount: 0,
    targets: []
  }
]
