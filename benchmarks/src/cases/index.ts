import { bytes } from "./bytes.js"
import type { Case } from "./case.js"
import { layers } from "./layers.js"
import { oneWay } from "./oneWay.js"
import { peerSockets } from "./peerSockets.js"
import { primitives } from "./primitives.js"
import { roundTrips } from "./roundTrips.js"
import { scale } from "./scale.js"
import { sockets } from "./sockets.js"
import { threads } from "./threads.js"

/** In the order in which they run, and are shown. */
export const cases: ReadonlyArray<Case> = [
  ...roundTrips,
  ...oneWay,
  ...bytes,
  ...threads,
  ...layers,
  ...scale,
  ...sockets,
  ...peerSockets,
  ...primitives
]
