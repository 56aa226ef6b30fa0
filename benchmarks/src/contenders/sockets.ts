import type { Contenders } from "./index.js"

/** The sockets of `@ductworks/sockets`, without a duct. */
export const sockets: Contenders = {
  "addon echo, without Effect": async () => (await import("./addonEcho.js")).addonEcho,
  "Sock echo": async () => (await import("./sockEcho.js")).sockEcho,
  "Sock echo, spinning": async () => (await import("./sockEcho.js")).sockEchoSpinning,
  "Sock recvExactInto, spinning": async () => (await import("./sockOneWay.js")).sockRecvExactIntoSpinning,
  "Sock recvInto, spinning": async () => (await import("./sockOneWay.js")).sockRecvIntoSpinning,
  "Sock recvExactInto": async () => (await import("./sockOneWay.js")).sockRecvExactInto,
  "Sock recvInto": async () => (await import("./sockOneWay.js")).sockRecvInto,
  "Sock recvExactInto, roomy": async () => (await import("./sockOneWay.js")).sockRecvExactIntoRoomy,
  "Sock recvInto, roomy": async () => (await import("./sockOneWay.js")).sockRecvIntoRoomy,
  "Sock UDP": async () => (await import("./sockPackets.js")).sockPackets,
  "Sock UDP recvfrom": async () => (await import("./sockPackets.js")).sockPacketsFrom,
  "Sock UDP sendmmsg": async () => (await import("./sockPackets.js")).sockMany,
  "Sock UDP segments": async () => (await import("./sockPackets.js")).sockSegments,
  "Sock UDP, flooded": async () => (await import("./sockPackets.js")).sockFlooded,
  "Sock UDP recvfrom, flooded": async () => (await import("./sockPackets.js")).sockFloodedFrom,
  "Sock UDP recvmmsg, flooded": async () => (await import("./sockPackets.js")).sockFloodedMany
}
