import type { Contenders } from "./index.js"
import { echoOver, oneWayOver } from "../peers/channel.js"

/** What one would use instead. */
export const others: Contenders = {
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
  "@effect/rpc stream, MessagePack": async () => (await import("../peers/effectRpc.js")).rpcStream("msgPack")
}
