import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Missing, type Contender } from "../contender.js"
import { program } from "./program.js"

/** The program of `python/<name>.py` on both sides. */
export const pythonProgram = (name: string, work: string): Contender =>
  program(
    () => {
      if (spawnSync("python3", ["--version"]).status !== 0) throw new Missing("there is no python3")
    },
    ["python3", fileURLToPath(new URL(`../../python/${name}.py`, import.meta.url))],
    work
  )
