import type { Case } from "./case.js"

/** What `docs/rationale.md` weighs against one another. */
export const primitives: ReadonlyArray<Case> = []
