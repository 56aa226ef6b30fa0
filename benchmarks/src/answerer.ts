import { fork, type ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Starts the answering process of a contender. */
export const startAnswerer = (contender: string, address: string): ChildProcess =>
  fork(fileURLToPath(new URL("answer.js", import.meta.url)), [contender, address], { serialization: "json" })
