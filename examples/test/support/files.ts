import { fileURLToPath } from "node:url"

/** A file of the built examples. `npm test` builds them first. */
export const built = (path: string): string => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url))

/** A file of examples/python. */
export const python = (path: string): string => fileURLToPath(new URL(`../../python/${path}`, import.meta.url))
