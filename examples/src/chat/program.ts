/** The demonstration: one client of each kind says something, all hear it, all leave. */
import { type Cause, Console, Effect } from "effect"
import { type Client, join } from "./client.js"
import { serve } from "./server.js"

type Hearing = Effect.Effect<string, Cause.NoSuchElementException>

/** Listens until somebody says that, or else anything. */
export const said = (client: Client, words?: string): Hearing =>
  Effect.flatMap(client.heard.take, (heard) =>
    heard._tag === "Said" && (words ?? heard.text) === heard.text
      ? Effect.succeed(`${heard.from}: ${heard.text}`)
      : said(client, words)
  )

/** Listens until these are here, in the order in which they came. */
export const here = (client: Client, ...names: ReadonlyArray<string>): Hearing =>
  Effect.flatMap(client.heard.take, (heard) =>
    heard._tag === "Names" && heard.names.join() === names.join()
      ? Effect.succeed(`here: ${names.join(", ")}`)
      : here(client, ...names)
  )

export const program = (page: string) =>
  Effect.gen(function* () {
    const server = yield* serve({ page })
    const watcher = yield* join(server.tcp, "Watcher")
    yield* Effect.gen(function* () {
      const ada = yield* join(server.tcp, "Ada")
      const grace = yield* join(server.udp, "Grace")
      const edsger = yield* join(server.webSocket, "Edsger")
      yield* Console.log(yield* here(watcher, "Watcher", "Ada", "Grace", "Edsger"))

      yield* Effect.forEach(
        [
          [ada, "hello over TCP"],
          [grace, "hello over UDP"],
          [edsger, "hello over WebSocket"]
        ] as const,
        ([speaker, words]) =>
          Effect.gen(function* () {
            yield* speaker.say(words)
            const heard = yield* Effect.forEach([ada, grace, edsger], (client) => said(client, words))
            yield* Console.log(`${heard[0]} (heard by ${heard.length})`)
          })
      )
    }).pipe(Effect.scoped)
    yield* Console.log(yield* here(watcher, "Watcher"))
  }).pipe(Effect.scoped, Effect.timeout("30 seconds"))
