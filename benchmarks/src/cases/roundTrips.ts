import { against, everywhere, ratioAtMost, tailAtMost, type Case } from "./case.js"

const group = "round trips"

const ours = ["socket duct echo", "spinning socket duct echo", "duct echo"]

const oursWithSchema = ["socket duct schema echo", "spinning socket duct schema echo", "duct schema echo"]

export const roundTrips: ReadonlyArray<Case> = [
  {
    group,
    title: "round trip of 90-byte JSON",
    unit: "ns a message",
    count: 8000,
    placements: everywhere,
    baseline: "net echo",
    contenders: [
      ...ours,
      ...oursWithSchema,
      "child_process echo",
      "MessagePort echo",
      "zeromq.js echo",
      "ws echo",
      "vscode-jsonrpc echo",
      "@effect/rpc echo, ndjson",
      "C echo"
    ],
    further: ["@effect/rpc echo, MessagePack", "@effect/platform Socket echo", "Python Pipe echo", "Python wire echo"],
    targets: [
      ratioAtMost(ours, 1.15, "one core"),
      ratioAtMost("socket duct echo", 1.15),
      ...against(
        ["child_process echo", "MessagePort echo", "zeromq.js echo", "ws echo", "vscode-jsonrpc echo"],
        ratioAtMost(ours, 1, "one core")
      ),
      ...against(["@effect/rpc echo, ndjson", "@effect/rpc echo, MessagePack"], ratioAtMost(ours, 0.2, "one core")),
      ratioAtMost(oursWithSchema, 1.3, "one core"),
      tailAtMost(ours, 1)
    ]
  },
  {
    group,
    title: "round trip of 90-byte JSON, spinning before it waits",
    unit: "ns a message",
    count: 8000,
    placements: ["two cores"],
    baseline: "net echo",
    contenders: ["spinning socket duct echo", "C echo, spinning"],
    further: ["socket duct echo"],
    targets: [ratioAtMost("spinning socket duct echo", 0.25)]
  },
  {
    group,
    title: "round trip of 64 bytes",
    unit: "ns a message",
    count: 8000,
    placements: everywhere,
    baseline: "net echo of 64 bytes",
    contenders: ["socket duct echo of 64 bytes", "Sock echo", "Sock echo, spinning"],
    further: [
      "duct echo of 64 bytes",
      "C echo of 64 bytes",
      "net echo of 64 bytes, with onread",
      "addon echo, without Effect",
      "C echo of 64 bytes, with poll"
    ],
    targets: [ratioAtMost("Sock echo", 1), ratioAtMost(["Sock echo", "Sock echo, spinning"], 1)]
  },
  {
    group,
    title: "round trip of 64 KiB",
    unit: "ns a message",
    count: 2000,
    quickCount: 0,
    placements: everywhere,
    baseline: "net echo of 64 KiB",
    contenders: ["socket duct echo of 64 KiB", "duct echo of 64 KiB", "C echo of 64 KiB"],
    targets: []
  }
]
