import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import { Schema } from "effect"
import { programPath } from "../compile.js"
import { Missing, type Contender } from "../contender.js"
import { Figure } from "../figure.js"
import { freshPath } from "../paths.js"

const decode = Schema.decodeUnknownSync(Schema.parseJson(Figure))

/** The program of `c/<name>.c` on both sides: how it waits, and the bytes of a message. */
export const cProgram = (name: string, wait: "block" | "poll" | "spin", size: number): Contender => ({
  measure: async (start) => {
    if (!existsSync(programPath(name))) throw new Missing("there is no C compiler (cc)")
    const path = freshPath()
    const child = spawn(programPath(name), ["measure", path, wait, String(size)], {
      stdio: ["pipe", "pipe", "inherit"]
    })
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    await lines.next()
    start(path)
    await lines.next()
    return async (count) => {
      child.stdin.write(`${count}\n`)
      return decode((await lines.next()).value)
    }
  },
  answer: (path) =>
    new Promise((resolve) => {
      const child = spawn(programPath(name), ["answer", path, wait, String(size)], { stdio: "inherit" })
      child.once("exit", () => resolve())
    })
})
