import * as vega from "vega"
import { compile, type TopLevelSpec } from "vega-lite"

/** The same text for the same specification, on every machine: without a canvas, widths of texts are estimated. */
export const draw = (spec: TopLevelSpec): Promise<string> =>
  new vega.View(vega.parse(compile(spec).spec), { renderer: "none" }).toSVG().then((svg) => `${svg}\n`)
