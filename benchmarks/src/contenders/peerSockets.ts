import type { Contenders } from "./index.js"

export const peerSockets: Contenders = {
  "net broadcast": async () => (await import("./peerBroadcast.js")).peerBroadcast("by hand, TCP", 1000),
  "PeerSocket broadcast": async () => (await import("./peerBroadcast.js")).peerBroadcast("PeerSocket, TCP", 1000),
  "dgram echo": async () => udpEcho("dgramEnds", 1),
  "PeerSocket UDP echo": async () => udpEcho("peerSocketEnds", 1),
  "dgram echo, 32 at once": async () => udpEcho("dgramEnds", 32),
  "PeerSocket UDP echo, 32 at once": async () => udpEcho("peerSocketEnds", 32),
  "net, idle: heap": async () => (await import("./peerIdle.js")).peerIdle("by hand, TCP", "heap and external"),
  "PeerSocket, idle: heap": async () =>
    (await import("./peerIdle.js")).peerIdle("PeerSocket, TCP", "heap and external"),
  "net, idle: RSS": async () => (await import("./peerIdle.js")).peerIdle("by hand, TCP", "resident"),
  "PeerSocket, idle: RSS": async () => (await import("./peerIdle.js")).peerIdle("PeerSocket, TCP", "resident"),
  "10 UDP peers": async () => many("PeerSocket, UDP", 10),
  "100 UDP peers": async () => many("PeerSocket, UDP", 100),
  "1,000 UDP peers": async () => many("PeerSocket, UDP", 1000),
  "10,000 UDP peers": async () => many("PeerSocket, UDP", 10_000),
  "dgram with 10 others": async () => many("by hand, UDP", 10),
  "dgram with 10,000 others": async () => many("by hand, UDP", 10_000),
  "10 TCP peers": async () => many("PeerSocket, TCP", 10),
  "100 TCP peers": async () => many("PeerSocket, TCP", 100),
  "1,000 TCP peers": async () => many("PeerSocket, TCP", 1000),
  "10,000 TCP peers": async () => many("PeerSocket, TCP", 10_000),
  "net with 10 others": async () => many("by hand, TCP", 10),
  "net with 10,000 others": async () => many("by hand, TCP", 10_000)
}

const udpEcho = async (ends: "dgramEnds" | "peerSocketEnds", window: number) => {
  const module = await import("./peerEcho.js")
  return module.peerEcho(module[ends], window)
}

type Servers = Parameters<(typeof import("./peerMany.js"))["peerMany"]>[0]

const many = async (server: Servers, width: number) => (await import("./peerMany.js")).peerMany(server, width)
