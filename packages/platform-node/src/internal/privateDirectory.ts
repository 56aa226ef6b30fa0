import * as fs from "node:fs"

/** A new directory of mode 0700, whatever the process's umask takes away: without x nothing could be made in it. */
export const privateDirectory = (prefix: string): string => {
  const directory = fs.mkdtempSync(prefix)
  fs.chmodSync(directory, 0o700)
  return directory
}
