import type { TopLevelSpec } from "vega-lite"
import type { Run } from "../results.js"
import { bars } from "./bars.js"
import { manyDucts, throughput } from "./lines.js"

/** The plots of a run, by the names of their files; those whose cases it has. */
export const plotsOf = (run: Run): ReadonlyMap<string, TopLevelSpec> => {
  const plots = {
    "round-trip": bars(run, {
      title: "round trip of 90-byte JSON",
      heading: "Round trip of 90 bytes of JSON",
      unit: "µs",
      lessIsBetter: true,
      figure: ({ median }) => median / 1000
    }),
    "one-way": bars(run, {
      title: "one way, 60-byte JSON",
      heading: "60-byte JSON messages one way",
      unit: "million a second",
      lessIsBetter: false,
      figure: ({ median }) => 1000 / median
    }),
    memory: bars(run, {
      title: "memory of an idle pair",
      heading: "Memory of a connected pair that waits",
      unit: "KiB",
      lessIsBetter: true,
      figure: ({ median }) => median / 1024
    }),
    throughput: throughput(run),
    ducts: manyDucts(run)
  }
  return new Map(Object.entries(plots).flatMap(([name, spec]) => (spec === undefined ? [] : [[name, spec]])))
}
