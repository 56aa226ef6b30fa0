import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A fresh path for a socket, which goes with the process. */
export const freshPath = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "ductworks-bench-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  return join(folder, "socket")
}
