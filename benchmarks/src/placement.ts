import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"

/** Where the two processes of a contender run; "unpinned" where the system does not let us say. */
export type Placement = "one core" | "two cores" | "unpinned"

const cores = [0, 1]

const canPin = (core: number): boolean =>
  process.platform === "linux" && spawnSync("taskset", ["-c", String(core), "true"]).status === 0

/** Those that can be had here, of those that are wanted. */
export const available = (wanted: ReadonlyArray<Placement>): ReadonlyArray<Placement> => {
  const pinnable = cores.filter(canPin).length
  if (pinnable === 0) return ["unpinned"]
  return wanted.filter((placement) => placement !== "two cores" || pinnable === 2)
}

/** Moves the measuring process to the first core, and the answering ones to the first or the second. */
export const place = (placement: Placement, measuring: number, answering: ReadonlyArray<number>): void => {
  if (placement === "unpinned") return
  const [first = 0, second = 0] = cores
  const answerers = answering.flatMap(family)
  for (const pid of family(measuring)) {
    if (placement === "one core") pin(pid, [first])
    // Without an answering process both sides are threads of the measuring one.
    else if (answerers.length === 0) pin(pid, cores)
    else pin(pid, [answerers.includes(pid) ? second : first])
  }
}

const pin = (pid: number, cores: ReadonlyArray<number>): void => {
  spawnSync("taskset", ["-a", "-p", "-c", cores.join(","), String(pid)])
}

/** A process and all that it started. */
const family = (pid: number): ReadonlyArray<number> => [pid, ...childrenOf(pid).flatMap(family)]

/** Those that any of its threads started; none of one that has ended. */
const childrenOf = (pid: number): ReadonlyArray<number> => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number)
    )
  } catch {
    return []
  }
}
