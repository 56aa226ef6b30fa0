import { sizes } from "../oneWay.js"
import type { Contenders } from "./index.js"

/** What Node has, as one would use it by hand. */
export const plain: Contenders = {
  "net echo": async () => (await import("./netEcho.js")).netEcho,
  "net one way": async () => (await import("./netOneWay.js")).netOneWay,
  "net echo of 64 bytes": async () => (await import("./netBytesEcho.js")).netBytesEcho,
  "net echo of 64 bytes, with onread": async () => (await import("./netBytesEcho.js")).netOnreadBytesEcho,
  "net echo of 64 KiB": async () => (await import("./netBytesEcho.js")).netLargeEcho,
  ...Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [
      `net onread, ${name}`,
      async () => (await import("./netBytesOneWay.js")).netBytesOneWay(size)
    ])
  ),
  "child_process echo": async () => (await import("./ipcEcho.js")).ipcEcho,
  "child_process one way": async () => (await import("./ipcOneWay.js")).ipcOneWay,
  dgram: async () => (await import("./dgramPackets.js")).dgramPackets,
  "dgram, flooded": async () => (await import("./dgramPackets.js")).dgramFlooded
}
