import { everywhere, type Case } from "./case.js"

/** Everything that one would use instead, each in its fastest documented way. */
export const peers: ReadonlyArray<Case> = [
  {
    group: "peers",
    title: "round trip of 92-byte JSON, against the others",
    unit: "ns a message",
    count: 1500,
    placements: everywhere,
    baseline: "net echo",
    contenders: [
      "duct echo",
      "duct schema echo",
      "child_process echo",
      "MessagePort echo",
      "zeromq.js echo",
      "ws echo",
      "vscode-jsonrpc echo",
      "@effect/platform Socket echo",
      "@effect/rpc echo, ndjson",
      "@effect/rpc echo, MessagePack",
      "Python Pipe echo of 97 bytes",
      "Python wire echo",
      "C echo of 97 bytes"
    ],
    targets: []
  },
  {
    group: "peers",
    title: "one way, 65-byte JSON, against the others",
    unit: "ns a message",
    count: 20_000,
    placements: everywhere,
    baseline: "net one way",
    contenders: [
      "duct sendAll",
      "duct send each",
      "child_process one way",
      "MessagePort one way",
      "zeromq.js one way",
      "ws one way",
      "vscode-jsonrpc one way",
      "@effect/rpc stream, ndjson",
      "@effect/rpc stream, MessagePack"
    ],
    targets: []
  }
]
