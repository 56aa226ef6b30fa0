/**
 * Finds the addon and loads it, once a thread and not before it is asked for: importing this package works everywhere.
 */
import { Unsupported } from "@ductworks/core/DuctError"
import * as Either from "effect/Either"
import nodeGypBuild from "node-gyp-build"
import { fileURLToPath } from "node:url"
import type { Binding } from "./binding.js"

/** The package's folder, from `src/internal` and from `dist/internal` alike. */
const root = fileURLToPath(new URL("../../", import.meta.url))

const instead = "PortableSockets.layer and NodeTransport.layer work without it"

const unsupported = (problem: string, thrown: unknown): Unsupported =>
  new Unsupported({
    operation: "the native addon of @ductworks/sockets",
    problem: `${problem}; ${instead} (${thrown instanceof Error ? thrown.message.trim() : String(thrown)})`
  })

const missing = (thrown: unknown): Unsupported =>
  unsupported(
    `no binary for ${process.platform}-${process.arch} came with the package, and none was built; ` +
      "in a clone of its repository, node scripts/setup.mjs builds it (a C compiler, make and Python needed)",
    thrown
  )

const broken = (thrown: unknown): Unsupported =>
  unsupported(
    `its binary does not work with Node ${process.version} here; build it for this Node from a clone of its repository`,
    thrown
  )

/** The addon's file for a package in `directory`: this one, unless told otherwise. */
export const find = (directory = root): Either.Either<string, Unsupported> =>
  Either.try({ try: () => nodeGypBuild.path(directory), catch: missing })

export const loadFrom = (directory: string): Either.Either<Binding, Unsupported> =>
  Either.flatMap(find(directory), () => Either.try({ try: () => plain(nodeGypBuild(directory)), catch: broken }))

/**
 * The same functions in an object like any other: that of the addon, to which they were added one by one, is a hash table.
 * To be made once a thread: of two, the second would be told what the sockets of the first wait for.
 */
const plain = (binding: Binding): Binding => ({ ...binding })

let loaded: Either.Either<Binding, Unsupported> | undefined

/** The addon of this thread, or why there is none and what to do. */
export const load = (): Either.Either<Binding, Unsupported> => (loaded ??= loadFrom(root))
