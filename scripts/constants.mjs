// Writes packages/sockets/src/internal/linuxConstants.ts from the addon of this machine, which has them from the headers
// it was compiled with. A test of packages/sockets says whether the file still agrees.
import { createRequire } from "node:module"
import { join } from "node:path"
import { writeFileSync } from "node:fs"
import { platform } from "node:process"
import { format, resolveConfig } from "prettier"
import { installed, sockets } from "./addon.mjs"

if (platform !== "linux") throw new Error("the file has the numbers of Linux")
const { constants } = createRequire(import.meta.url)(installed)
const file = join(sockets, "src", "internal", "linuxConstants.ts")
const text = `/**
 * The constants of Linux on x64 and arm64, for where there is no addon to ask. Written by scripts/constants.mjs.
 */
export const linuxConstants = ${JSON.stringify(constants)}
`
writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }))
