import type { Contenders } from "./index.js"

export const peerSockets: Contenders = {
  "net broadcast": async () => (await import("./peerBroadcast.js")).peerBroadcast("by hand, TCP", 1000),
  "PeerSocket broadcast": async () => (await import("./peerBroadcast.js")).peerBroadcast("PeerSocket, TCP", 1000),
  "dgram echo": async () => udpEcho("dgram, bytes", 1),
  "dgram echo of JSON": async () => udpEcho("dgram, JSON", 1),
  "PeerSocket UDP echo": async () => udpEcho("PeerSocket, bytes", 1),
  "PeerSocket UDP echo of JSON": async () => udpEcho("PeerSocket, JSON", 1),
  "PeerSocket native UDP echo": async () => udpEcho("PeerSocket, native, bytes", 1),
  "PeerSocket native UDP echo of JSON": async () => udpEcho("PeerSocket, native, JSON", 1),
  "dgram echo, 32 at once": async () => udpEcho("dgram, bytes", 32),
  "dgram echo of JSON, 32 at once": async () => udpEcho("dgram, JSON", 32),
  "PeerSocket UDP echo, 32 at once": async () => udpEcho("PeerSocket, bytes", 32),
  "PeerSocket UDP echo of JSON, 32 at once": async () => udpEcho("PeerSocket, JSON", 32),
  "PeerSocket native UDP echo, 32 at once": async () => udpEcho("PeerSocket, native, bytes", 32),
  "PeerSocket native UDP echo of JSON, 32 at once": async () => udpEcho("PeerSocket, native, JSON", 32),
  "net, idle: heap": async () => (await import("./peerIdle.js")).peerIdle("by hand, TCP", "heap and external"),
  "PeerSocket, idle: heap": async () =>
    (await import("./peerIdle.js")).peerIdle("PeerSocket, TCP", "heap and external"),
  "net, idle: RSS": async () => (await import("./peerIdle.js")).peerIdle("by hand, TCP", "resident"),
  "PeerSocket, idle: RSS": async () => (await import("./peerIdle.js")).peerIdle("PeerSocket, TCP", "resident"),
  "10 UDP peers": async () => many("PeerSocket, UDP", 10),
  "100 UDP peers": async () => many("PeerSocket, UDP", 100),
  "1,000 UDP peers": async () => many("PeerSocket, UDP", 1000),
  "10,000 UDP peers": async () => many("PeerSocket, UDP", 10_000),
  "10 native UDP peers": async () => many("PeerSocket, native UDP", 10),
  "10,000 native UDP peers": async () => many("PeerSocket, native UDP", 10_000),
  "dgram with 10 others": async () => many("by hand, UDP", 10),
  "dgram with 10,000 others": async () => many("by hand, UDP", 10_000),
  "10 TCP peers": async () => many("PeerSocket, TCP", 10),
  "100 TCP peers": async () => many("PeerSocket, TCP", 100),
  "1,000 TCP peers": async () => many("PeerSocket, TCP", 1000),
  "10,000 TCP peers": async () => many("PeerSocket, TCP", 10_000),
  "net with 10 others": async () => many("by hand, TCP", 10),
  "net with 10,000 others": async () => many("by hand, TCP", 10_000)
}

type Echoes = keyof (typeof import("./peerEcho.js"))["echoes"]

const udpEcho = async (ends: Echoes, window: number) => {
  const { echoes, peerEcho } = await import("./peerEcho.js")
  return peerEcho(echoes[ends], window)
}

type Servers = Parameters<(typeof import("./peerMany.js"))["peerMany"]>[0]

const many = async (server: Servers, width: number) => (await import("./peerMany.js")).peerMany(server, width)
