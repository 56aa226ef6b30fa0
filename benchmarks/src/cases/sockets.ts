import { everywhere, ratioAtLeast, ratioAtMost, type Case } from "./case.js"

export const sockets: ReadonlyArray<Case> = [
  {
    group: "sockets",
    title: "round trip of 64 bytes",
    unit: "ns a message",
    count: 5000,
    placements: everywhere,
    baseline: "net echo of 64 bytes",
    contenders: [
      "Sock echo",
      "net echo of 64 bytes, with onread",
      "addon echo, without Effect",
      "C echo of 64 bytes",
      "C echo of 64 bytes, with poll"
    ],
    targets: [ratioAtMost("Sock echo", 1)]
  },
  {
    group: "sockets",
    title: "1 MiB one way into a reused buffer",
    unit: "MiB a second",
    count: 1000,
    placements: everywhere,
    baseline: "C one way",
    contenders: [
      "Sock recvExactInto",
      "Sock recvInto",
      "raw duct recvInto, native",
      "raw duct recvInto",
      "net onread one way",
      "C one way, with poll"
    ],
    targets: [
      ratioAtLeast("Sock recvExactInto", 0.85),
      ratioAtLeast("Sock recvInto", 0.85),
      ratioAtLeast("raw duct recvInto, native", 0.85)
    ]
  },
  {
    group: "sockets",
    title: "64-byte UDP packets that arrive",
    unit: "packets a second",
    count: 50_000,
    placements: ["two cores"],
    baseline: "dgram",
    contenders: ["Sock UDP", "Sock UDP recvfrom", "Sock UDP segments"],
    targets: [ratioAtLeast("Sock UDP", 1.1), ratioAtLeast("Sock UDP segments", 5)]
  }
]
