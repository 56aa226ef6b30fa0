import { overNode, overSockets, overSpinningSockets } from "../carriers.js"
import type { Contender } from "../contender.js"
import { MiB } from "../oneWay.js"
import { others } from "./others.js"
import { peerSockets } from "./peerSockets.js"

export type Contenders = Readonly<Record<string, () => Promise<Contender>>>

const node: Contenders = {
  "net echo": async () => (await import("./netEcho.js")).netEcho,
  "net one way": async () => (await import("./netOneWay.js")).netOneWay,
  "net echo of 64 bytes": async () => (await import("./netBytesEcho.js")).netBytesEcho,
  "net echo of 64 bytes, with onread": async () => (await import("./netBytesEcho.js")).netOnreadBytesEcho,
  "net onread one way": async () => (await import("./netBytesOneWay.js")).netBytesOneWay,
  "child_process echo": async () => (await import("./ipcEcho.js")).ipcEcho,
  "child_process one way": async () => (await import("./ipcOneWay.js")).ipcOneWay,
  dgram: async () => (await import("./dgramPackets.js")).dgramPackets,
  "dgram, flooded": async () => (await import("./dgramPackets.js")).dgramFlooded
}

const c: Contenders = {
  "C echo of 64 bytes": async () => (await import("./cProgram.js")).cProgram("echo", "block", 64),
  "C echo of 64 bytes, with poll": async () => (await import("./cProgram.js")).cProgram("echo", "poll", 64),
  "C echo of 97 bytes": async () => (await import("./cProgram.js")).cProgram("echo", "block", 97),
  "C echo of 97 bytes, spinning": async () => (await import("./cProgram.js")).cProgram("echo", "spin", 97),
  "C one way": async () => (await import("./cProgram.js")).cProgram("one_way", "block", MiB),
  "C one way, roomy": async () => (await import("./cProgram.js")).cProgram("one_way", "block", MiB, MiB),
  "C one way, with poll": async () => (await import("./cProgram.js")).cProgram("one_way", "poll", MiB)
}

const ducts: Contenders = {
  "duct echo": async () => (await import("./ductEcho.js")).ductEcho(await overNode()),
  "duct schema echo": async () => (await import("./ductEcho.js")).ductSchemaEcho(await overNode()),
  "duct sendAll": async () => (await import("./ductOneWay.js")).ductSendAll(await overNode()),
  "duct send each": async () => (await import("./ductOneWay.js")).ductSendEach(await overNode()),
  "duct 1 MiB": async () => (await import("./ductLarge.js")).ductLarge(await overNode(), MiB),
  "duct 16 MiB": async () => (await import("./ductLarge.js")).ductLarge(await overNode(), 16 * MiB),
  "duct stalled": async () => (await import("./ductStalled.js")).ductStalled(await overNode()),
  "raw duct recvInto": async () => (await import("./rawDuctOneWay.js")).rawDuctOneWay(await overNode())
}

const sockets: Contenders = {
  "addon echo, without Effect": async () => (await import("./addonEcho.js")).addonEcho,
  "Sock echo": async () => (await import("./sockEcho.js")).sockEcho,
  "Sock recvExactInto": async () => (await import("./sockOneWay.js")).sockRecvExactInto,
  "Sock recvInto": async () => (await import("./sockOneWay.js")).sockRecvInto,
  "Sock recvExactInto, roomy": async () => (await import("./sockOneWay.js")).sockRecvExactIntoRoomy,
  "Sock recvInto, roomy": async () => (await import("./sockOneWay.js")).sockRecvIntoRoomy,
  "Sock UDP": async () => (await import("./sockPackets.js")).sockPackets,
  "Sock UDP recvfrom": async () => (await import("./sockPackets.js")).sockPacketsFrom,
  "Sock UDP segments": async () => (await import("./sockPackets.js")).sockSegments,
  "Sock UDP, flooded": async () => (await import("./sockPackets.js")).sockFlooded,
  "Sock UDP recvfrom, flooded": async () => (await import("./sockPackets.js")).sockFloodedFrom
}

const nativeDucts: Contenders = {
  "socket duct echo": async () => (await import("./ductEcho.js")).ductEcho(await overSockets()),
  "socket duct echo, spinning": async () => (await import("./ductEcho.js")).ductEcho(await overSpinningSockets()),
  "socket duct schema echo": async () => (await import("./ductEcho.js")).ductSchemaEcho(await overSockets()),
  "socket duct sendAll": async () => (await import("./ductOneWay.js")).ductSendAll(await overSockets()),
  "socket duct send each": async () => (await import("./ductOneWay.js")).ductSendEach(await overSockets()),
  "socket duct stalled": async () => (await import("./ductStalled.js")).ductStalled(await overSockets()),
  "raw duct recvInto, native": async () => (await import("./rawDuctOneWay.js")).rawDuctOneWay(await overSockets())
}

const primitives: Contenders = {
  "Effect.sync": async () => (await import("./effectWait.js")).effectSync,
  "Effect.async": async () => (await import("./effectWait.js")).effectAsync,
  "Effect.async with a canceller": async () => (await import("./effectWait.js")).effectAsyncWithCanceller,
  readable: async () => (await import("./pollTimeout.js")).waitWithoutTimeout,
  "poll with a time-out": async () => (await import("./pollTimeout.js")).pollWithTimeout,
  "readable in Effect.timeoutOption": async () => (await import("./pollTimeout.js")).effectTimeout,
  "two writes a frame": async () => (await import("./smallFrames.js")).twoWritesOfSmall,
  "a write a frame": async () => (await import("./smallFrames.js")).joinedWritesOfSmall,
  "writev of 64 frames": async () => (await import("./smallFrames.js")).vectoredSmall,
  "a slab of 1,024 frames": async () => (await import("./smallFrames.js")).slabOfSmall,
  "writev of 4 large frames": async () => (await import("./smallFrames.js")).vectoredLarge,
  "a slab of 4 large frames": async () => (await import("./smallFrames.js")).slabOfLarge,
  "leaves at once": async () => (await import("./loneMessage.js")).leavesAtOnce,
  "leaves in a microtask": async () => (await import("./loneMessage.js")).leavesInMicrotask,
  "leaves in a tick": async () => (await import("./loneMessage.js")).leavesInTick,
  "leaves in setImmediate": async () => (await import("./loneMessage.js")).leavesInImmediate,
  "64 bytes": async () => (await import("./copyOut.js")).copy64,
  "65 bytes": async () => (await import("./copyOut.js")).copy65,
  "65 bytes into a slab": async () => (await import("./copyOut.js")).slab65
}

/** Loaded by name, since what a process does not run would slow its start. */
export const contenders: Contenders = {
  ...node,
  ...c,
  ...ducts,
  ...sockets,
  ...nativeDucts,
  ...primitives,
  ...others,
  ...peerSockets
}
