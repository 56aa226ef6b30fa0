import type { Case } from "./cases/case.js"
import type { Figure } from "./figure.js"
import { Measurer } from "./measurer.js"
import { available, type Placement } from "./placement.js"

export interface Effort {
  /** Rounds of the whole work at the start, so that what is measured was compiled; one more follows each move. */
  readonly warmUps: number
  readonly rounds: number
  /** The part of a case's work that each round does. */
  readonly part: number
}

export const thorough: Effort = { warmUps: 5, rounds: 15, part: 1 }

/** Under a minute for what is compared with others. */
export const quick: Effort = { warmUps: 2, rounds: 5, part: 0.2 }

/** The figures of a case's rounds, by contender, the baseline first. */
export interface Outcome {
  readonly work: Case
  readonly placement: Placement
  readonly figures: ReadonlyMap<string, ReadonlyArray<Figure>>
}

/** A contender that this machine cannot run, and why. */
export interface LeftOut {
  readonly contender: string
  readonly why: string
}

/** Ours and the others in turn, in the same processes for all placements. */
export const run = async (
  work: Case,
  effort: Effort,
  leftOut: (one: LeftOut) => void
): Promise<ReadonlyArray<Outcome>> => {
  const measurers = new Map<string, Measurer>()
  try {
    for (const contender of new Set([work.baseline, ...work.contenders])) {
      const started = await Measurer.start(contender)
      if (typeof started === "string") leftOut({ contender, why: started })
      else measurers.set(contender, started)
    }
    if (work.rounds === undefined) await rounds(measurers, work.count, effort.warmUps)
    const outcomes: Array<Outcome> = []
    for (const placement of available(work.placements)) {
      for (const measurer of measurers.values()) measurer.place(placement)
      outcomes.push({ work, placement, figures: await measure(work, effort, measurers) })
    }
    return outcomes
  } finally {
    for (const measurer of measurers.values()) measurer.stop()
  }
}

const measure = async (work: Case, effort: Effort, measurers: ReadonlyMap<string, Measurer>) => {
  if (work.rounds !== undefined) return rounds(measurers, work.count, work.rounds)
  const count = Math.ceil(work.count * effort.part)
  await rounds(measurers, count, 1)
  return rounds(measurers, count, effort.rounds)
}

const rounds = async (measurers: ReadonlyMap<string, Measurer>, count: number, times: number) => {
  const figures = new Map(Array.from(measurers.keys(), (name) => [name, new Array<Figure>()]))
  for (let round = 0; round < times; round++) {
    for (const [name, measurer] of measurers) figures.get(name)?.push(await measurer.round(count))
  }
  return figures
}
