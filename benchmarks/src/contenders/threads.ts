import type { Contenders } from "./index.js"

export const threads: Contenders = {
  "thread duct echo": async () => (await import("./threadDuct.js")).threadEcho(),
  "thread duct echo, spinning": async () => (await import("./threadDuct.js")).threadEcho(1),
  "thread duct one way, 64 bytes": async () => (await import("./threadDuct.js")).threadOneWay
}
