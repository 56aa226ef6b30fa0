import { cpus, release, totalmem, type } from "node:os"
import { Machine } from "./results.js"

export const machine = (): Machine => {
  const all = cpus()
  return new Machine({
    model: all[0]?.model ?? "unknown processor",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: `${type()} ${release()}`,
    node: process.versions.node
  })
}
