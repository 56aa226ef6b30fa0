import { existsSync } from "node:fs"
import { programPath } from "../compile.js"
import { Missing, type Contender } from "../contender.js"
import { program } from "./program.js"

/**
 * The program of `c/<name>.c` on both sides: how it waits, the bytes of a message, the send buffer (0: the default), and
 * the memory that it receives into.
 */
export const cProgram = (
  name: string,
  wait: "block" | "poll" | "spin",
  size: number,
  sendBuffer = 0,
  memory: "reuse" | "fresh" = "reuse"
): Contender =>
  program(
    () => {
      if (!existsSync(programPath(name))) throw new Missing("there is no C compiler (cc)")
    },
    [programPath(name)],
    wait,
    String(size),
    String(sendBuffer),
    memory
  )
