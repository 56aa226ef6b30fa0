/**
 * A chat over TCP, UDP and WebSocket at once, with a page for browsers.
 *
 *   npm run build && node examples/dist/chat/main.js                        a demonstration, which ends by itself
 *   node examples/dist/chat/main.js serve --port 4000 [--host 127.0.0.1]    a server, until Ctrl-C
 *   node examples/dist/chat/main.js join tcp://127.0.0.1:4001 Ada           a terminal: udp:// and ws://…/chat too
 */
import { NodeTransport } from "@ductworks/platform-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Data, Effect, Mailbox, Stream } from "effect"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { join } from "./client.js"
import { program } from "./program.js"
import { serve } from "./server.js"

class BadArguments extends Data.TaggedError("BadArguments")<{ readonly message: string }> {}

// The build copies no HTML: from `dist` and from `src` alike this is the source.
const page = readFileSync(new URL("../../src/chat/page.html", import.meta.url), "utf8")

/** With a port of its own choice it can be found again: TCP and UDP then have the next one. */
const server = (host: string, port: number) =>
  Effect.gen(function* () {
    const { tcp, udp, webSocket } = yield* serve({ page, host, port, peerPort: port === 0 ? 0 : port + 1 })
    yield* Console.log(`${webSocket.replace(/^ws(.*)\/chat$/, "http$1/")}\n${tcp}\n${udp}\n${webSocket}`)
    return yield* Effect.never
  }).pipe(Effect.scoped)

const terminal = (endpoint: string, name: string) =>
  Effect.gen(function* () {
    const chat = yield* join(endpoint, name)
    const lines = yield* Effect.acquireRelease(
      Effect.sync(() => createInterface({ input: process.stdin })),
      (lines) => Effect.sync(() => lines.close())
    )
    const speaking = Stream.fromAsyncIterable(
      lines,
      () => new BadArguments({ message: "cannot read the terminal" })
    ).pipe(
      Stream.map((words) => words.replace(/\p{Cc}/gu, " ").trim()),
      Stream.filter((words) => words !== ""),
      Stream.runForEach((words) => Effect.catchTag(chat.say(words), "SerializeError", () => Console.log("(too long)")))
    )
    const listening = Stream.runForEach(Mailbox.toStream(chat.heard), (heard) =>
      Console.log(heard._tag === "Said" ? `${heard.from}: ${heard.text}` : `here: ${heard.names.join(", ")}`)
    )
    // The end of the input is the end, and so is that of the server.
    yield* Effect.raceFirst(speaking, listening)
  }).pipe(Effect.scoped)

const usage = "usage: chat [serve [--port 4000] [--host 127.0.0.1] | join <endpoint> <name>]"

const chosen = Effect.gen(function* () {
  const options = { host: { type: "string", default: "127.0.0.1" }, port: { type: "string", default: "0" } } as const
  const { positionals, values } = parseArgs({ allowPositionals: true, options })
  const [verb = "demo", endpoint, name] = positionals
  const port = Number(values.port)
  if (verb === "demo") return yield* program(page)
  if (verb === "serve" && Number.isInteger(port) && port >= 0 && port < 65535) return yield* server(values.host, port)
  if (verb === "join" && endpoint !== undefined && name !== undefined) return yield* terminal(endpoint, name)
  return yield* new BadArguments({ message: usage })
})

NodeRuntime.runMain(Effect.provide(chosen, NodeTransport.layer))
