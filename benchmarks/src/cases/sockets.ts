import { everywhere, type Case } from "./case.js"

export const sockets: ReadonlyArray<Case> = [
  {
    group: "sockets",
    title: "round trip of 64 bytes",
    unit: "ns a message",
    count: 5000,
    placements: everywhere,
    baseline: "net echo of 64 bytes",
    contenders: [
      "addon echo, without Effect",
      "net echo of 64 bytes, with onread",
      "C echo of 64 bytes",
      "C echo of 64 bytes, with poll"
    ],
    targets: []
  },
  {
    group: "sockets",
    title: "1 MiB one way into a reused buffer",
    unit: "MiB a second",
    count: 1000,
    placements: everywhere,
    baseline: "C one way",
    contenders: ["raw duct recvInto", "net onread one way", "C one way, with poll"],
    targets: []
  },
  {
    group: "sockets",
    title: "64-byte UDP packets that arrive",
    unit: "packets a second",
    count: 50_000,
    placements: ["two cores"],
    baseline: "dgram",
    contenders: [],
    targets: []
  }
]
