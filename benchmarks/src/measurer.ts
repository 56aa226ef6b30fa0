import { spawn, type ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import { Figure } from "./figure.js"
import { place, type Placement } from "./placement.js"

const Greeting = Schema.Union(
  Schema.Struct({ answerers: Schema.Array(Schema.Number) }),
  Schema.Struct({ missing: Schema.String })
)

/** A measuring process, which starts its answering process itself. */
export class Measurer {
  private answerers: ReadonlyArray<number> = []

  private constructor(private readonly process: ChildProcess) {}

  /** The measurer, or what is missing for it. */
  static async start(contender: string): Promise<Measurer | string> {
    const script = fileURLToPath(new URL("measure.js", import.meta.url))
    const measurer = new Measurer(
      spawn(process.execPath, [script, contender], { stdio: ["ignore", "inherit", "inherit", "ipc"] })
    )
    const greeting = Schema.decodeUnknownSync(Greeting)(await measurer.next())
    if ("answerers" in greeting) {
      measurer.answerers = greeting.answerers
      return measurer
    }
    measurer.stop()
    return greeting.missing
  }

  place(placement: Placement): void {
    place(placement, this.process.pid ?? 0, this.answerers)
  }

  /** One round of the work, `count` times. */
  async round(count: number): Promise<Figure> {
    this.process.send(count)
    return Schema.decodeUnknownSync(Figure)(await this.next())
  }

  /** It removes its files and exits; what it started follows. */
  stop(): void {
    this.process.disconnect()
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
