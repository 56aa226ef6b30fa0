import type { Transport } from "@ductworks/core/Transport"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** A check before it has a deadline: law, name, body. */
export type Entry = readonly [law: number, name: string, body: Effect.Effect<void, unknown, Transport | Scope.Scope>]
