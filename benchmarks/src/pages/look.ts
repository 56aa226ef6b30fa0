/** Opaque, since a page may be light or dark. */
export const look = {
  $schema: "https://vega.github.io/schema/vega-lite/v6.json",
  background: "#ffffff",
  padding: 12,
  config: {
    font: "sans-serif",
    view: { stroke: null },
    axis: { labelLimit: 0, grid: false, titleFontWeight: "normal", labelFontSize: 11 },
    title: { anchor: "start", fontSize: 14 },
    legend: { orient: "bottom", title: null }
  }
} as const

export const ours = "#2563eb"

export const oursLight = "#93b4f5"

export const theirs = "#b8bec8"

export const limit = "#4b5563"
