import type { Contender } from "../contender.js"
import { ducts } from "./ducts.js"
import { limits } from "./limits.js"
import { others } from "./others.js"
import { peerSockets } from "./peerSockets.js"
import { plain } from "./plain.js"
import { primitives } from "./primitives.js"
import { scale } from "./scale.js"
import { sockets } from "./sockets.js"
import { threads } from "./threads.js"

export type Contenders = Readonly<Record<string, () => Promise<Contender>>>

/** Loaded by name, since what a process does not run would slow its start. */
export const contenders: Contenders = {
  ...plain,
  ...limits,
  ...others,
  ...ducts,
  ...sockets,
  ...threads,
  ...peerSockets,
  ...scale,
  ...primitives
}
