import { everywhere, ratioAtLeast, ratioAtMost, type Case } from "./case.js"

/** Sockets with many peers, against the same packets on `node:net` and `node:dgram`, hand-written. */
export const peerSockets: ReadonlyArray<Case> = [
  {
    group: "peer-sockets",
    title: "broadcast of 100 bytes to 1,000 TCP peers",
    unit: "packets a second",
    count: 160_000,
    placements: ["two cores"],
    baseline: "net broadcast",
    contenders: ["PeerSocket broadcast"],
    targets: [ratioAtLeast("PeerSocket broadcast", 0.7)]
  },
  {
    group: "peer-sockets",
    title: "round trip of 100 bytes over UDP",
    unit: "ns a message",
    count: 3000,
    placements: everywhere,
    baseline: "dgram echo",
    contenders: [
      "PeerSocket UDP echo",
      "PeerSocket native UDP echo",
      "dgram echo of JSON",
      "PeerSocket UDP echo of JSON",
      "PeerSocket native UDP echo of JSON"
    ],
    targets: [ratioAtMost("PeerSocket native UDP echo", 1 / 0.6)]
  },
  {
    group: "peer-sockets",
    title: "round trips of 100 bytes over UDP, 32 at once",
    unit: "ns a message",
    count: 10_000,
    placements: everywhere,
    baseline: "dgram echo, 32 at once",
    contenders: [
      "PeerSocket UDP echo, 32 at once",
      "PeerSocket native UDP echo, 32 at once",
      "dgram echo of JSON, 32 at once",
      "PeerSocket UDP echo of JSON, 32 at once",
      "PeerSocket native UDP echo of JSON, 32 at once"
    ],
    targets: [ratioAtMost("PeerSocket native UDP echo, 32 at once", 1 / 0.6)]
  },
  {
    group: "peer-sockets",
    title: "heap and external memory of an idle TCP peer",
    unit: "bytes each",
    count: 1000,
    quickCount: 0,
    placements: ["two cores"],
    rounds: 1,
    baseline: "net, idle: heap",
    contenders: ["PeerSocket, idle: heap"],
    targets: [ratioAtMost("PeerSocket, idle: heap", 2)]
  },
  {
    group: "peer-sockets",
    title: "resident memory of an idle TCP peer",
    unit: "bytes each",
    count: 8000,
    quickCount: 0,
    placements: ["two cores"],
    rounds: 1,
    baseline: "net, idle: RSS",
    contenders: ["PeerSocket, idle: RSS"],
    targets: [ratioAtMost("PeerSocket, idle: RSS", 2)]
  },
  {
    group: "peer-sockets",
    title: "CPU of an echo by one UDP socket, by its peers",
    unit: "ns a message",
    count: 20_000,
    quickCount: 0,
    placements: ["two cores"],
    baseline: "10 UDP peers",
    contenders: [
      "100 UDP peers",
      "1,000 UDP peers",
      "10,000 UDP peers",
      "10 native UDP peers",
      "10,000 native UDP peers",
      "dgram with 10 others",
      "dgram with 10,000 others"
    ],
    targets: [ratioAtMost("10,000 UDP peers", 1.25)]
  },
  {
    group: "peer-sockets",
    title: "CPU of an echo by one TCP server, by its peers",
    unit: "ns a message",
    count: 20_000,
    quickCount: 0,
    placements: ["two cores"],
    baseline: "10 TCP peers",
    contenders: [
      "100 TCP peers",
      "1,000 TCP peers",
      "10,000 TCP peers",
      "net with 10 others",
      "net with 10,000 others"
    ],
    targets: []
  }
]
