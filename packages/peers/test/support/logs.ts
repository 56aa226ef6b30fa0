import { Effect, HashMap, Layer, Logger, LogLevel } from "effect"

export interface Line {
  readonly level: string
  readonly message: string
  readonly about: Record<string, unknown>
}

/** A Logger that keeps what it is given, from the level on. */
export const logs = (level = LogLevel.Debug) => {
  const lines: Array<Line> = []
  const logger = Logger.make(({ annotations, logLevel, message }) => {
    const about = Object.fromEntries(HashMap.toEntries(annotations))
    lines.push({ level: logLevel.label, message: String(message), about })
  })
  const layer = Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(level))
  return { lines, layer, capture: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.provide(self, layer) }
}
