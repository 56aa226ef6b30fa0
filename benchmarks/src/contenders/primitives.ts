import type { Contenders } from "./index.js"

/** Ways to do one step, of which the packages use one. */
export const primitives: Contenders = {
  "Effect.sync": async () => (await import("./effectWait.js")).effectSync,
  "Effect.async": async () => (await import("./effectWait.js")).effectAsync,
  "Effect.async with a canceller": async () => (await import("./effectWait.js")).effectAsyncWithCanceller,
  readable: async () => (await import("./pollTimeout.js")).waitWithoutTimeout,
  "poll with a time-out": async () => (await import("./pollTimeout.js")).pollWithTimeout,
  "readable in Effect.timeoutOption": async () => (await import("./pollTimeout.js")).effectTimeout,
  "two writes a frame": async () => (await import("./smallFrames.js")).twoWritesOfSmall,
  "a write a frame": async () => (await import("./smallFrames.js")).joinedWritesOfSmall,
  "writev of 64 frames": async () => (await import("./smallFrames.js")).vectoredSmall,
  "a slab of 1,024 frames": async () => (await import("./smallFrames.js")).slabOfSmall,
  "writev of 4 large frames": async () => (await import("./smallFrames.js")).vectoredLarge,
  "a slab of 4 large frames": async () => (await import("./smallFrames.js")).slabOfLarge,
  "leaves at once": async () => (await import("./loneMessage.js")).leavesAtOnce,
  "leaves in a microtask": async () => (await import("./loneMessage.js")).leavesInMicrotask,
  "leaves in a tick": async () => (await import("./loneMessage.js")).leavesInTick,
  "leaves in setImmediate": async () => (await import("./loneMessage.js")).leavesInImmediate,
  "64 bytes": async () => (await import("./copyOut.js")).copy64,
  "65 bytes": async () => (await import("./copyOut.js")).copy65,
  "65 bytes into a slab": async () => (await import("./copyOut.js")).slab65
}
