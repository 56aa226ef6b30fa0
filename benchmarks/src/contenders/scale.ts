import { overNode, overSockets } from "../carriers.js"
import type { Carrier } from "../ducts.js"
import type { Contenders } from "./index.js"

/** The same over each transport, by what their names end with. */
const over = (suffix: string, carrier: () => Promise<Carrier>): Contenders => ({
  [`1 duct${suffix}`]: async () => (await import("./manyDucts.js")).manyDucts(await carrier(), 1, "joined"),
  [`10 ducts${suffix}`]: async () => (await import("./manyDucts.js")).manyDucts(await carrier(), 10, "joined"),
  [`100 ducts${suffix}`]: async () => (await import("./manyDucts.js")).manyDucts(await carrier(), 100, "joined"),
  [`1,000 ducts${suffix}`]: async () => (await import("./manyDucts.js")).manyDucts(await carrier(), 1000, "joined"),
  [`transport accept${suffix}`]: async () => (await import("./acceptRate.js")).transportAccept(await carrier()),
  [`1 duct, a batch a wake${suffix}`]: async () =>
    (await import("./manyDucts.js")).manyDucts(await carrier(), 1, "apart"),
  [`1,000 ducts, a batch a wake${suffix}`]: async () =>
    (await import("./manyDucts.js")).manyDucts(await carrier(), 1000, "apart"),
  [`a duct pair${suffix}`]: async () => (await import("./idleMemory.js")).ductPairs(await carrier(), "resident"),
  [`a duct pair, heap${suffix}`]: async () => (await import("./idleMemory.js")).ductPairs(await carrier(), "heap"),
  [`soak, heap${suffix}`]: async () => (await import("./soak.js")).soakHeap(await carrier()),
  [`soak, CPU each${suffix}`]: async () => (await import("./soak.js")).soakCost(await carrier()),
  [`soak, CPU${suffix}`]: async () => (await import("./soak.js")).soakCpu(await carrier())
})

export const scale: Contenders = {
  "net accept": async () => (await import("./acceptRate.js")).netAccept,
  "net, 1 socket, a batch a wake": async () => (await import("./manySockets.js")).manySockets(1),
  "net, 1,000 sockets, a batch a wake": async () => (await import("./manySockets.js")).manySockets(1000),
  "two net.Sockets": async () => (await import("./idleMemory.js")).netPairs("resident"),
  "two net.Sockets, heap": async () => (await import("./idleMemory.js")).netPairs("heap"),
  ...over("", overNode),
  ...over(" over sockets", overSockets)
}
