import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Schema } from "effect"
import type { Contender } from "../contender.js"
import { Figure } from "../figure.js"
import { freshPath } from "../paths.js"

const decode = Schema.decodeUnknownSync(Schema.parseJson(Figure))

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
      return decode((await lines.next()).value)
    }
  },
  answer: (path) =>
    new Promise((resolve) => {
      const child = spawn(command, [...before, "answer", path, ...args], { stdio: "inherit" })
      child.once("exit", () => resolve())
    })
})
