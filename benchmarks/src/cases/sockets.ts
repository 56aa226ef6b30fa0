import { everywhere, ratioAtLeast, type Case } from "./case.js"

export const sockets: ReadonlyArray<Case> = [
  {
    group: "sockets",
    title: "1 MiB one way into a reused buffer, with a send buffer of 1 MiB",
    unit: "MiB a second",
    count: 400,
    quickCount: 0,
    placements: everywhere,
    baseline: "C, 1 MiB, reused, roomy",
    contenders: ["Sock recvExactInto, roomy", "Sock recvInto, roomy"],
    targets: [ratioAtLeast("Sock recvExactInto, roomy", 0.85), ratioAtLeast("Sock recvInto, roomy", 0.85)]
  },
  {
    group: "sockets",
    title: "64-byte UDP packets that arrive",
    unit: "packets a second",
    count: 50_000,
    placements: everywhere,
    baseline: "dgram",
    contenders: ["Sock UDP", "Sock UDP recvfrom", "Sock UDP sendmmsg", "Sock UDP segments"],
    targets: [ratioAtLeast(["Sock UDP", "Sock UDP sendmmsg"], 1.1), ratioAtLeast("Sock UDP segments", 5)]
  },
  {
    group: "sockets",
    title: "64-byte UDP packets taken of a flood",
    unit: "packets a second",
    count: 500_000,
    quickCount: 0,
    placements: ["two cores"],
    baseline: "dgram, flooded",
    contenders: ["Sock UDP, flooded", "Sock UDP recvfrom, flooded", "Sock UDP recvmmsg, flooded"],
    targets: [
      ratioAtLeast("Sock UDP, flooded", 1.1),
      ratioAtLeast("Sock UDP recvfrom, flooded", 1.1),
      ratioAtLeast("Sock UDP recvmmsg, flooded", 1.1)
    ]
  }
]
