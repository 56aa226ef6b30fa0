import type { Carrier } from "./ducts.js"

/** Transports, each loaded when a contender asks for it. */

export const overNode = async (): Promise<Carrier> => (await import("@ductworks/platform-node")).NodeTransport.layer
