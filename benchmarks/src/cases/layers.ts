import type { Case } from "./case.js"

const group = "layers"

/** What each layer and each law costs, beside sockets without any. */
export const layers: ReadonlyArray<Case> = [
  {
    group,
    title: "round trip of 64 bytes, layer by layer",
    unit: "ns a message",
    count: 8000,
    placements: ["one core"],
    baseline: "net echo of 64 bytes",
    contenders: ["connection echo of 64 bytes", "raw duct echo of 64 bytes", "duct echo of 64 bytes"],
    further: ["socket connection echo of 64 bytes", "socket raw duct echo of 64 bytes", "socket duct echo of 64 bytes"],
    targets: []
  },
  {
    group,
    title: "round trip of 90-byte JSON, law by law",
    unit: "ns a message",
    count: 8000,
    quickCount: 0,
    placements: ["one core"],
    baseline: "net echo",
    contenders: ["duct echo, without time-outs", "duct echo", "duct contract echo"],
    further: [
      "duct echo, with both locks",
      "duct schema echo",
      "socket duct echo, without time-outs",
      "socket duct echo",
      "socket duct echo, with both locks",
      "socket duct schema echo",
      "socket duct contract echo"
    ],
    targets: []
  },
  {
    group,
    title: "60-byte JSON one way, serializer by serializer",
    unit: "ns a message",
    count: 100_000,
    quickCount: 0,
    placements: ["one core"],
    baseline: "net one way",
    contenders: ["duct sendAll", "duct schema sendAll"],
    further: [
      "duct sendAll, MessagePack",
      "duct sendAll, structuredClone",
      "socket duct sendAll",
      "socket duct schema sendAll",
      "socket duct sendAll, MessagePack",
      "socket duct sendAll, structuredClone"
    ],
    targets: []
  }
]
