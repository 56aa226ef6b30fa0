import { spawn, type ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import type { Figure } from "./figure.js"
import { decodeFigure } from "./figureSchema.js"
import { place, type Placement } from "./placement.js"

const Greeting = Schema.Union(
  Schema.Struct({ answerers: Schema.Array(Schema.Number) }),
  Schema.Struct({ missing: Schema.String })
)

/** A start takes well under a second, the longest round (5 million messages) some. */
const startSeconds = 60
const roundSeconds = 180

/** A measuring process, which starts its answering process itself. */
export class Measurer {
  private answerers: ReadonlyArray<number> = []

  private constructor(private readonly process: ChildProcess) {}

  /** The measurer, or why there is none. */
  static async start(contender: string): Promise<Measurer | string> {
    const script = fileURLToPath(new URL("measure.js", import.meta.url))
    const measurer = new Measurer(
      spawn(process.execPath, [script, contender], { stdio: ["ignore", "inherit", "inherit", "ipc"] })
    )
    try {
      const greeting = Schema.decodeUnknownSync(Greeting)(await measurer.next(startSeconds))
      if ("missing" in greeting) {
        measurer.stop()
        return greeting.missing
      }
      measurer.answerers = greeting.answerers
      return measurer
    } catch (error) {
      measurer.kill()
      return error instanceof Error ? error.message : String(error)
    }
  }

  place(placement: Placement): void {
    place(placement, this.process.pid ?? 0, this.answerers)
  }

  /** One round of the work, `count` times. */
  async round(count: number): Promise<Figure> {
    this.process.send(count)
    return decodeFigure(await this.next(roundSeconds))
  }

  /** It removes its files and exits; what it started follows. */
  stop(): void {
    if (this.process.connected) this.process.disconnect()
  }

  /** For one that may not listen any more. */
  kill(): void {
    this.process.kill("SIGKILL")
  }

  private next(seconds: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer)
        this.process.off("exit", ended).off("error", ended).off("message", arrived)
        finish()
      }
      const ended = () => settle(() => reject(new Error("its process ended early")))
      const arrived = (message: unknown) => settle(() => resolve(message))
      const timer = setTimeout(() => {
        settle(() => reject(new Error(`it took more than ${seconds} seconds`)))
      }, seconds * 1000)
      this.process.once("exit", ended).once("error", ended).once("message", arrived)
    })
  }
}
