import type { Carrier } from "./ducts.js"

/** Transports, each loaded when a contender asks for it. */

export const overNode = async (): Promise<Carrier> => (await import("@ductworks/platform-node")).NodeTransport.layer

export const overSockets = async (): Promise<Carrier> => (await import("@ductworks/sockets/SocketTransport")).layer

/** Longer than any answer takes here: no read of a round trip goes to sleep. */
export const overSpinningSockets = async (): Promise<Carrier> =>
  (await import("@ductworks/sockets/SocketTransport")).layerWith({ busyPoll: "1 millis" })
