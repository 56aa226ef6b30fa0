import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const isCollector = (u: unknown): u is () => void => typeof u === "function"
const gc: unknown = runInNewContext("gc")

/** Collects garbage. The second collection waits until the buffers that the first one found dead are freed. */
export const collect = (): void => {
  if (!isCollector(gc)) throw new Error("no gc")
  gc()
  gc()
}
