import { MiB, sizes } from "../oneWay.js"
import type { Contenders } from "./index.js"

const c = async (...args: Parameters<(typeof import("./cProgram.js"))["cProgram"]>) =>
  (await import("./cProgram.js")).cProgram(...args)

const python = async (name: string, work: string) => (await import("./pythonProgram.js")).pythonProgram(name, work)

/** The same loops in C, which is the limit; and in Python, which has the same wire. Frames have 5 bytes more than JSON. */
export const limits: Contenders = {
  "C echo of 64 bytes": () => c("echo", "block", 64),
  "C echo of 64 bytes, with poll": () => c("echo", "poll", 64),
  "C echo": () => c("echo", "block", 95),
  "C echo, spinning": () => c("echo", "spin", 95),
  "C echo of 64 KiB": () => c("echo", "block", 64 * 1024 + 5),
  ...Object.fromEntries(
    Object.entries(sizes).flatMap(([name, size]) => [
      [`C, ${name}, reused`, () => c("one_way", "block", size)],
      [`C, ${name}, fresh`, () => c("one_way", "block", size, 0, "fresh")]
    ])
  ),
  "C, 1 MiB, reused, roomy": () => c("one_way", "block", MiB, MiB),
  "C, 1 MiB, reused, with poll": () => c("one_way", "poll", MiB),
  "Python Pipe echo": () => python("pipe", "95"),
  "Python wire echo": () => python("wire", "echo"),
  "Python wire EX-10": () => python("wire", "large")
}
