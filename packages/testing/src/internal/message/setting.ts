import type { SocketOptions, Transport } from "@ductworks/core/Transport"
import { MessageDuct, Serializer } from "@ductworks/message"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { expect, type Problem, problem } from "../check.js"
import { childScope } from "../transport/ends.js"

export type Duct = MessageDuct.MessageDuct<unknown, unknown>

export interface DuctSetting {
  readonly connected: (
    left: Scope.Scope,
    right: Scope.Scope,
    options: SocketOptions
  ) => Effect.Effect<readonly [Duct, Duct], unknown, Transport>
  readonly undecodable: unknown
  readonly unserializable: unknown
  readonly maxAcceptedBytes: number
  readonly seed: number
}

/** What the default ducts refuse to decode. */
export const undecodable = "ductworks: this message is not to be decoded"

const format = {
  outbound: Serializer.json(),
  inbound: Serializer.jsonSchema(Schema.Unknown.pipe(Schema.filter((message) => message !== undecodable)))
}

export const connectedDucts: DuctSetting["connected"] = (left, right, options) =>
  Effect.gen(function* () {
    const parent = yield* MessageDuct.parent({ ...options, ...format }).pipe(Scope.extend(right))
    yield* parent.bind()
    const address = yield* parent.listenerAddress
    const child = yield* MessageDuct.child({ ...options, ...format, address }).pipe(Scope.extend(left))
    yield* child.connect()
    if (!(yield* parent.listen())) return yield* problem("the parent's listen was false")
    return [child, parent] as const
  })

export interface DuctEnds {
  readonly left: Duct
  readonly right: Duct
  readonly closeLeft: (exit?: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

export const openDucts = (
  setting: DuctSetting,
  options: SocketOptions = {}
): Effect.Effect<DuctEnds, unknown, Transport | Scope.Scope> =>
  Effect.gen(function* () {
    const leftScope = yield* childScope
    const rightScope = yield* childScope
    const [left, right] = yield* setting.connected(leftScope, rightScope, options)
    return { left, right, closeLeft: (exit = Exit.void) => Scope.close(leftScope, exit) }
  })

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 80)}… (${text.length} characters)` : text
}

/** Whether the message is the expected JSON value. */
export const expectMessage = (received: unknown, expected: unknown): Effect.Effect<void, Problem> =>
  expect(
    JSON.stringify(received) === JSON.stringify(expected),
    () => `received ${shown(received)}, expected ${shown(expected)}`
  )

export const expectMessages = (
  received: ReadonlyArray<unknown>,
  expected: ReadonlyArray<unknown>
): Effect.Effect<void, Problem> =>
  Effect.suspend(() => {
    if (received.length !== expected.length) {
      return problem(`received ${received.length} messages, expected ${expected.length}`)
    }
    return Effect.forEach(expected, (message, index) => expectMessage(received[index], message), { discard: true })
  })

export const range = (length: number): ReadonlyArray<number> => Array.from({ length }, (_, index) => index)

/** The items of a message that is a list; none of another. */
export const items = (message: unknown): ReadonlyArray<unknown> => (Array.isArray(message) ? message : [])
