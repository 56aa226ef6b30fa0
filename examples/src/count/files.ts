import { Data, Effect } from "effect"
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"

/** The folder cannot be used; the message is for the user. */
export class BadFolder extends Data.TaggedError("BadFolder")<{ readonly message: string }> {}

const skipped: ReadonlySet<string> = new Set(["node_modules", "dist", "build", ".git"])

const walk = async (folder: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(folder, { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name)
      if (entry.isFile()) return [path]
      return entry.isDirectory() && !skipped.has(entry.name) ? walk(path).catch(() => [path]) : []
    })
  )
  return found.flat()
}

const problem = (folder: string, cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  return "code" in cause && cause.code === "ENOENT" ? `${folder} does not exist` : cause.message
}

/**
 * Every regular file under the folder, sorted; links are not followed. A folder further down that cannot be read is in
 * the list like a file: it will be one that cannot be read.
 */
export const filesUnder = (folder: string): Effect.Effect<ReadonlyArray<string>, BadFolder> =>
  Effect.tryPromise({
    try: async () => {
      if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is not a folder`)
      return [...(await walk(folder))].sort()
    },
    catch: (cause) => new BadFolder({ message: problem(folder, cause) })
  })
