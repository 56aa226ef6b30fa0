import type { Case } from "./case.js"
import { ducts } from "./ducts.js"
import { primitives } from "./primitives.js"
import { peers } from "./peers.js"
import { peerSockets } from "./peerSockets.js"
import { scale } from "./scale.js"
import { sockets } from "./sockets.js"
import { threads } from "./threads.js"

export const cases: ReadonlyArray<Case> = [
  ...ducts,
  ...sockets,
  ...threads,
  ...peers,
  ...peerSockets,
  ...scale,
  ...primitives
]
