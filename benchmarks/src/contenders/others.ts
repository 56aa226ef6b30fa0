import { overNode } from "../carriers.js"
import { echoOver, oneWayOver } from "../peers/channel.js"
import type { Contenders } from "./index.js"

const peers: Contenders = {
  "zeromq.js echo": async () => echoOver((await import("../peers/zeromq.js")).zeromq),
  "zeromq.js one way": async () => oneWayOver((await import("../peers/zeromq.js")).zeromq),
  "ws echo": async () => echoOver((await import("../peers/webSocket.js")).webSocket),
  "ws one way": async () => oneWayOver((await import("../peers/webSocket.js")).webSocket),
  "vscode-jsonrpc echo": async () => echoOver((await import("../peers/jsonRpc.js")).jsonRpc),
  "vscode-jsonrpc one way": async () => oneWayOver((await import("../peers/jsonRpc.js")).jsonRpc),
  "MessagePort echo": async () => (await import("../peers/messagePort.js")).messagePortEcho,
  "MessagePort one way": async () => (await import("../peers/messagePort.js")).messagePortOneWay,
  "MessagePort one way, 64 bytes": async () => (await import("../peers/messagePort.js")).messagePortBytes,
  "@effect/platform Socket echo": async () => (await import("../peers/platformSocket.js")).platformSocketEcho,
  "@effect/rpc echo, ndjson": async () => (await import("../peers/effectRpc.js")).rpcEcho("ndjson"),
  "@effect/rpc echo, MessagePack": async () => (await import("../peers/effectRpc.js")).rpcEcho("msgPack"),
  "@effect/rpc stream, ndjson": async () => (await import("../peers/effectRpc.js")).rpcStream("ndjson"),
  "@effect/rpc stream, MessagePack": async () => (await import("../peers/effectRpc.js")).rpcStream("msgPack"),
  "Python Pipe echo of 97 bytes": async () => (await import("./pythonProgram.js")).pythonProgram("pipe", "97"),
  "Python wire echo": async () => (await import("./pythonProgram.js")).pythonProgram("wire", "echo"),
  "Python wire EX-10": async () => (await import("./pythonProgram.js")).pythonProgram("wire", "large")
}

const threads: Contenders = {
  "thread duct echo": async () => (await import("./threadDuct.js")).threadEcho(),
  "thread duct echo, spinning": async () => (await import("./threadDuct.js")).threadEcho(1),
  "thread duct one way, 64 bytes": async () => (await import("./threadDuct.js")).threadOneWay
}

const scale: Contenders = {
  "1 duct": async () => (await import("./manyDucts.js")).manyDucts(await overNode(), 1, "joined"),
  "10 ducts": async () => (await import("./manyDucts.js")).manyDucts(await overNode(), 10, "joined"),
  "100 ducts": async () => (await import("./manyDucts.js")).manyDucts(await overNode(), 100, "joined"),
  "1,000 ducts": async () => (await import("./manyDucts.js")).manyDucts(await overNode(), 1000, "joined"),
  "1 duct, a batch a wake": async () => (await import("./manyDucts.js")).manyDucts(await overNode(), 1, "apart"),
  "1,000 ducts, a batch a wake": async () =>
    (await import("./manyDucts.js")).manyDucts(await overNode(), 1000, "apart"),
  "net accept": async () => (await import("./acceptRate.js")).netAccept,
  "transport accept": async () => (await import("./acceptRate.js")).transportAccept(await overNode()),
  "two net.Sockets": async () => (await import("./idleMemory.js")).netPairs("resident"),
  "a duct pair": async () => (await import("./idleMemory.js")).ductPairs(await overNode(), "resident"),
  "two net.Sockets, heap": async () => (await import("./idleMemory.js")).netPairs("heap"),
  "a duct pair, heap": async () => (await import("./idleMemory.js")).ductPairs(await overNode(), "heap"),
  "soak, heap": async () => (await import("./soak.js")).soakHeap(await overNode()),
  "soak, CPU": async () => (await import("./soak.js")).soakCpu(await overNode())
}

const layers: Contenders = {
  connection: async () => (await import("./layers.js")).connectionEcho(await overNode()),
  "raw duct": async () => (await import("./layers.js")).rawDuctEcho(await overNode()),
  "message duct of bytes": async () => (await import("./layers.js")).bytesDuctEcho(await overNode()),
  "message duct of bytes, 64 KiB": async () => (await import("./layers.js")).bytesDuctEcho(await overNode(), 65_536)
}

/** What one would use instead, threads, and what grows. */
export const others: Contenders = { ...peers, ...threads, ...scale, ...layers }
