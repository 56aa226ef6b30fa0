import { Address } from "@ductworks/core"
import { MessageDuct } from "@ductworks/message"
import { FileSystem } from "@effect/platform"
import { Clock, Console, Effect, Fiber } from "effect"

/** 524,288 characters, of which every fourth takes three bytes in UTF-8. */
export const text = "\u0ff0lol".repeat(131_072)

const count = 250

/** `count` big strings through one duct; the rate counts characters, as the original's did. */
export const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const parent = yield* MessageDuct.parent()
  yield* parent.bind()
  const address = yield* parent.listenerAddress
  if (address._tag !== "UnixAddress") return yield* Effect.dieMessage(`expected a path, got ${Address.format(address)}`)
  const child = yield* MessageDuct.child({ address })
  yield* child.connect()
  yield* parent.listen()

  const started = yield* Clock.currentTimeNanos
  const sending = yield* Effect.fork(Effect.repeatN(parent.send(text), count - 1))
  let intact = 0
  for (let n = 0; n < count; n++) {
    if ((yield* child.recv) === text) intact += 1
  }
  yield* Fiber.join(sending)
  const seconds = Number((yield* Clock.currentTimeNanos) - started) / 1e9

  yield* child.close()
  yield* parent.close()
  const afterClose = yield* fs.exists(address.path)
  const rate = (intact * text.length) / 1024 / seconds
  yield* Console.log(`${intact} of ${count} messages of ${text.length} characters arrived intact`)
  yield* Console.log(`${Math.round(rate)} characters/1024/s`)
  yield* Console.log(`the socket file is ${afterClose ? "left" : "gone"}`)
  return { intact, rate, afterClose }
}).pipe(Effect.scoped)
