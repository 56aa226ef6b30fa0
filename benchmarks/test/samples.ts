import type { Case } from "../src/cases/case.js"
import { Machine, Run, type Result } from "../src/results.js"
import type { Outcome } from "../src/run.js"
import { resultOf } from "../src/summary.js"

export const work: Case = {
  group: "sample",
  title: "a sample",
  unit: "ns a message",
  count: 100,
  placements: ["one core"],
  baseline: "net echo",
  contenders: ["duct echo", "socket duct echo"],
  targets: []
}

/** An outcome of these values, by contender, a round each. */
export const outcome = (values: Record<string, ReadonlyArray<number>>, more: Partial<Case> = {}): Outcome => ({
  work: { ...work, ...more },
  placement: "one core",
  figures: new Map(Object.entries(values).map(([name, all]) => [name, all.map((value) => ({ value }))]))
})

export const result = (values: Record<string, ReadonlyArray<number>>, more: Partial<Case> = {}): Result =>
  resultOf(outcome(values, more))

export const runOf = (...cases: ReadonlyArray<Result>): Run =>
  new Run({
    machine: new Machine({ model: "A processor", cores: 2, memoryGiB: 4, kernel: "Linux 6", node: "20.0.0" }),
    date: "2026-01-02",
    rounds: 3,
    cases,
    leftOut: []
  })
