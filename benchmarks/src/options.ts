import { parseArgs } from "node:util"

export interface Options {
  readonly quick: boolean
  readonly json: boolean
  readonly pages: boolean
  /** Part of a title, or a group. */
  readonly only?: string
  /** The name of the run under `benchmarks/results`. */
  readonly save?: string
}

export const usage = `npm run bench [-- <options>]

  --quick        fewer contenders, fewer and shorter rounds: under a minute on a quiet machine
  --only <name>  one group of cases, or those with this in their title
  --json         prints JSON instead of tables
  --save <name>  keeps the run in benchmarks/results/<name>.json, after every case; with --only it replaces what it
                 measures again. Plots are drawn at the end; of the run "reference" the pages show them.
  --pages        measures nothing, and writes the figures of the reference run into README.md and docs
`

/** The options, or what is wrong with them. */
export const parseOptions = (
  args: ReadonlyArray<string>,
  groups: ReadonlyArray<string>,
  titles: ReadonlyArray<string>
) => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        pages: { type: "boolean", default: false },
        only: { type: "string" },
        save: { type: "string" }
      }
    })
    const { only, quick, save } = values
    if (only !== undefined && !groups.includes(only) && !titles.some((title) => title.includes(only))) {
      return `nothing is called "${only}"; groups: ${groups.join(", ")}`
    }
    if (quick && save === "reference") return "the reference run is a whole one, without --quick"
    if (save !== undefined && !/^[a-z0-9][a-z0-9-]*$/.test(save)) {
      return `--save takes a name of small letters, digits and "-", not "${save}"`
    }
    return values satisfies Options
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
