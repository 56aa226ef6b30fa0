import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Whether processes can be pinned to a core here. */
export const canPin = process.platform === "linux" && spawnSync("taskset", ["-c", "0", "true"]).status === 0

/** A measuring process, which starts its answering process itself. Both stay on core 0 if pinned. */
export class Measurer {
  private constructor(private readonly process: ChildProcess) {}

  static async start(contender: string, pinned: boolean): Promise<Measurer> {
    const script = fileURLToPath(new URL("measure.js", import.meta.url))
    const command = [...(pinned ? ["taskset", "-c", "0"] : []), process.execPath, script, contender]
    const [program = process.execPath, ...args] = command
    const measurer = new Measurer(spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] }))
    await measurer.next()
    return measurer
  }

  /** One round of the work, `count` times: its figure. */
  async round(count: number): Promise<number> {
    this.process.send(count)
    return Number(await this.next())
  }

  stop(): void {
    this.process.kill()
  }

  private next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error("a measuring process ended early"))
      this.process.once("exit", fail)
      this.process.once("message", (message) => {
        this.process.off("exit", fail)
        resolve(message)
      })
    })
  }
}

export const median = (figures: ReadonlyArray<number>): number => {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}
