/** An answer of HTTP/1.1. */
export interface Answer {
  readonly status: number
  readonly body: string
}

/** Cuts a stream of bytes into answers, as far as this example needs it: every answer has a `Content-Length`. */
export class Answers {
  private rest = Buffer.alloc(0)

  /** The answers that are whole with these bytes. */
  push(data: Uint8Array): ReadonlyArray<Answer> {
    this.rest = Buffer.concat([this.rest, data])
    const answers: Array<Answer> = []
    for (let answer = this.next(); answer !== undefined; answer = this.next()) answers.push(answer)
    return answers
  }

  private next(): Answer | undefined {
    const end = this.rest.indexOf("\r\n\r\n")
    if (end === -1) return undefined
    const head = this.rest.toString("latin1", 0, end)
    const length = Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0)
    const start = end + 4
    if (this.rest.length < start + length) return undefined
    const body = this.rest.toString("utf8", start, start + length)
    this.rest = this.rest.subarray(start + length)
    return { status: Number(head.split(" ")[1]), body }
  }
}
