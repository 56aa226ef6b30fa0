import { checkTransport, MemoryTransport } from "@ductworks/testing"
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"

const cannot = ["fileno"] as const

// In memory there are no descriptors; a timer or a socket would be too many.
const probe = Effect.sync(() => process.getActiveResourcesInfo().length)

describe("DW-42 checkTransport over memory", () => {
  for (const check of checkTransport({ cannot, probe })) {
    it.live(`law ${check.law}: ${check.name}`, () => check.run.pipe(Effect.provide(MemoryTransport.layer)))
  }
})

describe("DW-42 checkTransport over memory with a capacity of 1000 bytes, under a TestClock", () => {
  for (const check of checkTransport({ cannot, probe, seed: 2, bytes: 100_000 })) {
    it.effect(`law ${check.law}: ${check.name}`, () =>
      check.run.pipe(Effect.provide(MemoryTransport.layerWith({ capacity: 1000 })))
    )
  }
})

describe("DW-42 SH-24 checkTransport over memory that can be read into a buffer", () => {
  const direct = MemoryTransport.layerWith({ capacity: 50_000, direct: true })
  for (const check of checkTransport({ cannot, bytes: 1_000_000, probe })) {
    it.live(`law ${check.law}: ${check.name}`, () => check.run.pipe(Effect.provide(direct)))
  }
})
