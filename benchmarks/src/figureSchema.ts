import { Schema } from "effect"
import type { Figure } from "./figure.js"

const optional = Schema.optionalWith(Schema.Number, { exact: true })

const FigureSchema: Schema.Schema<Figure> = Schema.Struct({
  value: Schema.Number,
  p50: optional,
  p99: optional,
  lost: optional
})

export const decodeFigure = Schema.decodeUnknownSync(FigureSchema)
