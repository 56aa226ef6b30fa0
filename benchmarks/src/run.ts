import { availableParallelism } from "node:os"
import type { Case } from "./cases/case.js"
import type { Figure } from "./figure.js"
import { Measurer } from "./measurer.js"
import { available, type Placement } from "./placement.js"
import { LeftOut } from "./results.js"

export interface Effort {
  /** What each contender has at the start, so that what is measured was compiled. */
  readonly warmUpMillis: number
  /** What it has alone after each move: where it shares no core with others, it may go another way, which was not. */
  readonly settleMillis: number
  /** And how much it does in it at least, if that is done in {@link mostSettleMillis}: code is compiled by how often it runs. */
  readonly settleCount: number
  readonly rounds: number
  /** What a round takes besides its lead-in, unless the work of the case is done sooner. */
  readonly millis: number
  /** Whether contenders that are for a whole run, and all the work of the long cases, are left out. */
  readonly isQuick: boolean
  /** No case begins later than that. A busy machine takes longer for each. */
  readonly seconds: number
}

export const thorough: Effort = {
  warmUpMillis: 3000,
  settleMillis: 800,
  settleCount: 20_000,
  rounds: 21,
  millis: 80,
  isQuick: false,
  seconds: Number.POSITIVE_INFINITY
}

const mostSettleMillis = 5000

/** One part in so many. */
const leadIn = 5

/** Under a minute on a quiet machine of two cores. */
export const quick: Effort = {
  warmUpMillis: 450,
  settleMillis: 12,
  settleCount: 0,
  rounds: 5,
  millis: 12,
  isQuick: true,
  seconds: 50
}

/** The figures of a case's rounds, by contender, the baseline first. */
export interface Outcome {
  readonly work: Case
  readonly placement: Placement
  readonly figures: ReadonlyMap<string, ReadonlyArray<Figure>>
}

/** Ours and the others in turn, in the same processes for all placements. Who fails is left out from there on. */
export const run = async (
  work: Case,
  effort: Effort,
  onLeftOut: (one: LeftOut) => void
): Promise<ReadonlyArray<Outcome>> => {
  const leaveOut = (contender: string, why: string) => onLeftOut(new LeftOut({ title: work.title, contender, why }))
  const field = await start(work, effort, leaveOut)
  try {
    const count = countOf(work, effort)
    if (work.rounds === undefined) await field.warmUp(count, effort.warmUpMillis)
    const outcomes: Array<Outcome> = []
    for (const placement of available(work.placements)) {
      field.place(placement)
      if (work.rounds === undefined) await field.settle(count, effort)
      const figures =
        work.rounds === undefined ? await field.rounds(effort.rounds) : await field.rounds(work.rounds, count)
      outcomes.push({ work, placement, figures })
    }
    return outcomes
  } finally {
    field.stop()
  }
}

/** A case that a quick run leaves out, and that was asked for by name, is run as a whole. */
const countOf = ({ count, quickCount = 0 }: Case, { isQuick }: Effort): number =>
  isQuick && quickCount > 0 ? quickCount : count

const start = async (work: Case, effort: Effort, leaveOut: LeaveOut): Promise<Field> => {
  const further = effort.isQuick ? [] : (work.further ?? [])
  const names = [...new Set([work.baseline, ...work.contenders, ...further])]
  const started = await Promise.all(names.map(async (name) => [name, await Measurer.start(name)] as const))
  const measurers = new Map<string, Measurer>()
  for (const [name, measurer] of started) {
    if (typeof measurer === "string") leaveOut(name, measurer)
    else measurers.set(name, measurer)
  }
  return new Field(measurers, leaveOut)
}

type LeaveOut = (contender: string, why: string) => void

/** The contenders of one case. */
class Field {
  /** What each does in a round. */
  private readonly counts = new Map<string, number>()

  constructor(
    private readonly measurers: Map<string, Measurer>,
    private readonly leaveOut: LeaveOut
  ) {}

  place(placement: Placement): void {
    for (const measurer of this.measurers.values()) measurer.place(placement)
  }

  /** All at once and wherever the system puts them, so that no core waits. */
  async warmUp(most: number, millis: number): Promise<void> {
    const end = performance.now() + (millis * this.measurers.size) / availableParallelism()
    const warm = async ([name, measurer]: readonly [string, Measurer]) => {
      let count = Math.ceil(most / 100)
      while (true) {
        const begun = performance.now()
        if ((await this.round(name, measurer, count)) === undefined) return
        const now = performance.now()
        if (now >= end) return
        count = Math.ceil(Math.min(most, count * Math.min(2, (end - now) / (now - begun))))
      }
    }
    await Promise.all(Array.from(this.measurers, warm))
  }

  /** Rounds of each in turn, after which each knows how much a round has. */
  async settle(most: number, { millis, settleCount, settleMillis }: Effort): Promise<void> {
    let unsettled = Array.from(this.measurers, ([name, measurer]) => ({ name, measurer, done: 0, passed: 0 }))
    while (unsettled.length > 0) {
      for (const one of unsettled) {
        const count = this.counts.get(one.name) ?? Math.ceil(most / 20)
        const begun = performance.now()
        if ((await this.round(one.name, one.measurer, count)) === undefined) continue
        const passed = performance.now() - begun
        one.done += count
        one.passed += passed
        // The first rounds are slow, and the clock is coarse beside a short one.
        const wanted = Math.round((count * millis) / passed)
        this.counts.set(one.name, Math.max(1, Math.min(most, 8 * count, wanted)))
      }
      unsettled = unsettled.filter(
        ({ done, name, passed }) =>
          this.measurers.has(name) && (passed < settleMillis || (done < settleCount && passed < mostSettleMillis))
      )
    }
  }

  async rounds(times: number, count?: number): Promise<ReadonlyMap<string, ReadonlyArray<Figure>>> {
    const figures = new Map(Array.from(this.measurers.keys(), (name) => [name, new Array<Figure>()]))
    for (let round = 0; round < times; round++) {
      // One may leave the next something to bear, as much memory that is freed when its round is over: each time another.
      const order = [...this.measurers]
      order.push(...order.splice(0, round % order.length))
      if (round % 2 === 1) order.reverse()
      for (const [name, measurer] of order) {
        const figure =
          count === undefined ? await this.steadyRound(name, measurer) : await this.round(name, measurer, count)
        if (figure === undefined) figures.delete(name)
        else figures.get(name)?.push(figure)
      }
    }
    return figures
  }

  stop(): void {
    for (const measurer of this.measurers.values()) measurer.stop()
  }

  /** The caches are those of who had the core before, which a part of the work that does not count makes up for. */
  private async steadyRound(name: string, measurer: Measurer): Promise<Figure | undefined> {
    const count = this.counts.get(name) ?? 1
    const lead = await this.round(name, measurer, Math.ceil(count / leadIn))
    return lead === undefined ? undefined : this.round(name, measurer, count)
  }

  private async round(name: string, measurer: Measurer, count: number): Promise<Figure | undefined> {
    try {
      return await measurer.round(count)
    } catch (error) {
      this.measurers.delete(name)
      measurer.kill()
      this.leaveOut(name, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
}
