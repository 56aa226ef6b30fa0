import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

const installed = join(homedir(), ".pyenv", "versions")

const candidates = [
  "python3",
  ...(existsSync(installed) ? readdirSync(installed).map((version) => join(installed, version, "bin", "python")) : [])
]

/** Every Python here that the peer is meant for, as [version, command]; none twice. */
export const pythons: ReadonlyArray<readonly [version: string, command: string]> = [
  ...new Map(
    candidates.flatMap((command) => {
      const { status, stdout } = spawnSync(command, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
        encoding: "utf8"
      })
      const version = status === 0 ? stdout.trim() : ""
      return /^(2\.7|3\.([6-9]|\d\d))$/.test(version) ? [[version, command] as const] : []
    })
  )
]
