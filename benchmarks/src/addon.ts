import { createRequire } from "node:module"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { Missing } from "./contender.js"

/** What the benchmark uses of the addon of `@ductworks/sockets`; its `src/internal/binding.ts` says what each does. */
export interface Addon {
  readonly socket: (domain: number, type: number, protocol: number) => number
  readonly close: (handle: number) => number
  readonly encodeUnix: (path: Uint8Array, out: Uint8Array) => number
  readonly bind: (handle: number, address: Uint8Array, length: number) => number
  readonly listen: (handle: number, backlog: number) => number
  readonly connect: (handle: number, address: Uint8Array, length: number) => number
  readonly accept: (handle: number, from: Uint8Array) => number
  readonly recv: Transfer
  readonly send: Transfer
  readonly wait: (handle: number, interest: number) => number
  readonly onReady: (callback: (handle: number, events: number) => void) => void
  readonly constants: { readonly AF: { readonly UNIX: number }; readonly SOCK: { readonly STREAM: number } }
}

type Transfer = (
  handle: number,
  into: Uint8Array,
  offset: number,
  length: number,
  flags: number,
  spinMicros: number
) => number

/** The addon, loaded as the package does; it is internal there, and this is what measures it alone. */
export const loadAddon = (): Addon => {
  const manifest = fileURLToPath(import.meta.resolve("@ductworks/sockets/package.json"))
  const require = createRequire(manifest)
  try {
    const load: unknown = require("node-gyp-build")
    const addon = isLoader(load) ? load(dirname(manifest)) : undefined
    if (isAddon(addon)) return addon
  } catch {
    // Said below.
  }
  throw new Missing("the addon of @ductworks/sockets is not built")
}

const isLoader = (value: unknown): value is (directory: string) => unknown => typeof value === "function"

const isAddon = (value: unknown): value is Addon => typeof value === "object" && value !== null && "onReady" in value
