import type { Case } from "./case.js"
import { ducts } from "./ducts.js"
import { primitives } from "./primitives.js"
import { sockets } from "./sockets.js"

export const cases: ReadonlyArray<Case> = [...ducts, ...sockets, ...primitives]
