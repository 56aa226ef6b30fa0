import { Schema } from "effect"

/** What could not be measured is NaN, of which JSON makes null. */
const Measured = Schema.transform(Schema.NullOr(Schema.Number), Schema.Number, {
  strict: true,
  decode: (value) => value ?? Number.NaN,
  encode: (value) => (Number.isNaN(value) ? null : value)
})

/** What a contender's rounds come to, in the unit of the case. */
export class Row extends Schema.Class<Row>("Row")({
  contender: Schema.String,
  /** To the baseline: the median of the ratios of rounds that followed one another, so that a slow minute harms neither. */
  ratio: Measured,
  median: Measured,
  least: Measured,
  most: Measured,
  /** Of the middle round trips: what the ratio would be if nothing else ran on the machine, and nothing was collected. */
  middleRatio: Schema.optional(Measured),
  p50: Schema.optional(Measured),
  p99: Schema.optional(Measured),
  lost: Schema.optional(Measured)
}) {}

/** Whether a target was met, and by which of the contenders that it names. */
export class Verdict extends Schema.Class<Verdict>("Verdict")({
  contender: Schema.String,
  to: Schema.optional(Schema.String),
  what: Schema.Literal("ratio", "speed", "tail", "figure"),
  bound: Schema.Literal("at most", "at least"),
  limit: Schema.Number,
  actual: Measured,
  isMet: Schema.Boolean
}) {}

export class Result extends Schema.Class<Result>("Result")({
  group: Schema.String,
  title: Schema.String,
  placement: Schema.Literal("one core", "two cores", "unpinned"),
  unit: Schema.String,
  baseline: Schema.String,
  rows: Schema.Array(Row),
  targets: Schema.Array(Verdict)
}) {}

/** A contender that is not in a case, and why: this machine lacks something, or it failed. */
export class LeftOut extends Schema.Class<LeftOut>("LeftOut")({
  title: Schema.String,
  contender: Schema.String,
  why: Schema.String
}) {}

/** The machine, without what only its owner needs to know. */
export class Machine extends Schema.Class<Machine>("Machine")({
  model: Schema.String,
  cores: Schema.Number,
  memoryGiB: Schema.Number,
  kernel: Schema.String,
  node: Schema.String
}) {}

/** A whole run: what `--json` prints and `--save` keeps. */
export class Run extends Schema.Class<Run>("Run")({
  machine: Machine,
  date: Schema.String,
  rounds: Schema.Number,
  cases: Schema.Array(Result),
  leftOut: Schema.Array(LeftOut)
}) {
  /** The case of that title, where it ran as wanted. */
  find(title: string, placement: string): Result | undefined {
    return this.cases.find((one) => one.title === title && one.placement === placement)
  }
}

const Json = Schema.parseJson(Run, { space: 2 })

export const decodeRun = Schema.decodeSync(Json)

export const encodeRun = Schema.encodeSync(Json)
