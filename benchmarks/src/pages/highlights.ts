/** A line of the README's table: the best of some contenders, beside another. */
export interface Highlight {
  readonly work: string
  /** Of the case. */
  readonly title: string
  readonly contenders: ReadonlyArray<string>
  readonly to: string
  /** `time`: how much longer it takes; `speed`: how many times as fast it is. */
  readonly as: "time" | "speed"
}

const transports = ["socket ", ""]

const each = (name: string): ReadonlyArray<string> => transports.map((transport) => `${transport}${name}`)

const roundTrip = "round trip of 90-byte JSON"

const oneWay = "one way, 60-byte JSON"

export const highlights: ReadonlyArray<Highlight> = [
  {
    work: "round trip of 90 bytes of JSON, Effect in both processes",
    title: roundTrip,
    contenders: each("duct echo"),
    to: "net echo",
    as: "time"
  },
  {
    work: "encoded and decoded with a Schema",
    title: roundTrip,
    contenders: each("duct schema echo"),
    to: "net echo",
    as: "time"
  },
  {
    work: "the same beside @effect/rpc",
    title: roundTrip,
    contenders: each("duct schema echo"),
    to: "@effect/rpc echo, ndjson",
    as: "speed"
  },
  {
    work: "spinning before it waits (`busyPoll`)",
    title: `${roundTrip}, spinning before it waits`,
    contenders: ["spinning socket duct echo"],
    to: "net echo",
    as: "time"
  },
  {
    work: "60-byte JSON one way, `sendAll` to `stream`",
    title: oneWay,
    contenders: each("duct sendAll"),
    to: "child_process one way",
    as: "speed"
  },
  {
    work: "the same, one `send` a message",
    title: oneWay,
    contenders: each("duct send each"),
    to: "child_process one way",
    as: "speed"
  },
  {
    work: "64-byte messages of bytes in bulk",
    title: "bytes one way in bulk, 64 B",
    contenders: each("duct, 64 B, fresh"),
    to: "C, 64 B, reused",
    as: "speed"
  },
  {
    work: "1 MiB one way into reused memory",
    title: "bytes one way into reused memory, 1 MiB",
    contenders: [...each("raw duct, 1 MiB, reused"), ...each("raw duct, 1 MiB, as it comes")],
    to: "C, 1 MiB, reused",
    as: "speed"
  },
  {
    work: "64-byte messages between threads",
    title: "64-byte messages one way between threads",
    contenders: ["thread duct one way, 64 bytes"],
    to: "MessagePort one way, 64 bytes",
    as: "speed"
  }
]
