import { existsSync } from "node:fs"
import { programPath } from "../compile.js"
import { Missing, type Contender } from "../contender.js"
import { program } from "./program.js"

/** The program of `c/<name>.c` on both sides: how it waits, and the bytes of a message. */
export const cProgram = (name: string, wait: "block" | "poll" | "spin", size: number): Contender =>
  program(
    () => {
      if (!existsSync(programPath(name))) throw new Missing("there is no C compiler (cc)")
    },
    [programPath(name)],
    wait,
    String(size)
  )
