import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { privateDirectory } from "./privateDirectory.js"

export interface ShortPath {
  /** Another, short path of the directory. */
  readonly path: string
  /** After this the path leads nowhere, and never to another place. */
  readonly release: () => void
}

/**
 * A path of the directory that leaves room for a name within the limit of a Unix socket's path. It is not to be
 * released before the socket bound through it is closed: libuv unlinks that path then.
 */
export const shortPath = (directory: string): ShortPath =>
  process.platform === "linux" ? descriptorPath(directory) : aliasPath(directory)

const descriptorPath = (directory: string): ShortPath => {
  const fd = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)
  const path = `/proc/self/fd/${fd}`
  if (fs.existsSync(path)) return { path, release: () => fs.closeSync(fd) }
  fs.closeSync(fd)
  return aliasPath(directory)
}

/** A symbolic link in a private directory of its own. */
export const aliasPath = (directory: string): ShortPath => {
  const parent = os.tmpdir().length > 60 ? "/tmp" : os.tmpdir()
  const own = privateDirectory(path.join(parent, "duct-"))
  const link = path.join(own, "d")
  const release = () => {
    fs.rmSync(link, { force: true })
    fs.rmSync(own, { force: true, recursive: true })
  }
  try {
    fs.symlinkSync(directory, link)
  } catch (cause) {
    release()
    throw cause
  }
  return { path: link, release }
}
