/** The demonstration: one client of each kind says something, all hear it, all leave. */
import { Console, Effect } from "effect"
import { type Client, join } from "./client.js"
import { serve } from "./server.js"

/** Hears until the words are said: by whom, and what. */
const hears = (client: Client, words: string): Effect.Effect<string, unknown> =>
  Effect.flatMap(client.heard.take, (heard) =>
    heard._tag === "Said" && heard.text === words
      ? Effect.succeed(`${heard.from}: ${words}`)
      : Effect.suspend(() => hears(client, words))
  )

/** Hears until so many are here: their names. */
const sees = (client: Client, count: number): Effect.Effect<ReadonlyArray<string>, unknown> =>
  Effect.flatMap(client.heard.take, (heard) =>
    heard._tag === "Names" && heard.names.length === count
      ? Effect.succeed(heard.names)
      : Effect.suspend(() => sees(client, count))
  )

/** The transcript, as everybody heard it. */
export const program = (page: string) =>
  Effect.gen(function* () {
    const server = yield* serve({ page })
    const watcher = yield* join(server.tcp, "Watcher")
    const transcript = yield* Effect.gen(function* () {
      const ada = yield* join(server.tcp, "Ada")
      const grace = yield* join(server.udp, "Grace")
      const edsger = yield* join(server.webSocket, "Edsger")
      yield* Console.log(`here: ${(yield* sees(watcher, 4)).join(", ")}`)

      return yield* Effect.forEach(
        [
          [ada, "hello over TCP"],
          [grace, "hello over UDP"],
          [edsger, "hello over WebSocket"]
        ] as const,
        ([speaker, words]) =>
          Effect.gen(function* () {
            yield* speaker.say(words)
            const heard = yield* Effect.forEach([ada, grace, edsger], (client) => hears(client, words))
            yield* Console.log(`${heard[0]} (heard by ${heard.length})`)
            return heard
          })
      )
    }).pipe(Effect.scoped)
    yield* Console.log(`here: ${(yield* sees(watcher, 1)).join(", ")}`)
    return transcript
  }).pipe(Effect.scoped, Effect.timeout("30 seconds"))
