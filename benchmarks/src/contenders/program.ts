import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import type { Contender } from "../contender.js"
import type { Figure } from "../figure.js"
import { freshPath } from "../paths.js"

/**
 * A contender in another language: `<command> measure|answer <path> …`. The measuring side says "listening" and
 * "connected", then answers each line, a count, with a figure.
 *
 * @param check throws `Missing` where it cannot run
 */
export const program = (
  check: () => void,
  [command, ...before]: readonly [string, ...Array<string>],
  ...args: ReadonlyArray<string>
): Contender => ({
  measure: async (start) => {
    check()
    const path = freshPath()
    const child = spawn(command, [...before, "measure", path, ...args], { stdio: ["pipe", "pipe", "inherit"] })
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    await lines.next()
    start(path)
    await lines.next()
    return async (count) => {
      child.stdin.write(`${count}\n`)
      const line = await lines.next()
      if (line.done === true) throw new Error(`${command} ended early`)
      const figure: unknown = JSON.parse(line.value)
      if (!isFigure(figure)) throw new Error(`${command} said ${line.value}`)
      return figure
    }
  },
  answer: (path) =>
    new Promise((resolve) => {
      const child = spawn(command, [...before, "answer", path, ...args], { stdio: "inherit" })
      child.once("exit", () => resolve())
    })
})

const isFigure = (value: unknown): value is Figure =>
  typeof value === "object" && value !== null && "value" in value && typeof value.value === "number"
