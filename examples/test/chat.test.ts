import { NodeTransport } from "@ductworks/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, LogLevel } from "effect"
import { createSocket } from "node:dgram"
import { connect } from "node:net"
import { join } from "../src/chat/client.js"
import { here, said } from "../src/chat/program.js"
import { serve } from "../src/chat/server.js"
import { run } from "./support/run.js"

const kinds = ["tcp", "udp", "webSocket"] as const

/** What no client of this chat would send: the length of the packet is absurd, and the server hangs up. */
const garbageOverTcp = (endpoint: string) =>
  Effect.async<void>((resume) => {
    const { hostname, port } = new URL(endpoint)
    const socket = connect(Number(port), hostname, () => socket.write(new Uint8Array(64).fill(255)))
    socket.on("error", () => {}).on("close", () => resume(Effect.void))
  })

const datagrams = (endpoint: string, ...packets: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const { hostname, port } = new URL(endpoint)
    const socket = createSocket("udp4")
    for (const packet of packets) {
      await new Promise((resolve) => socket.send(packet, Number(port), hostname, resolve))
    }
    socket.close()
  })

const page = "<p>the page</p>"

const quiet = Logger.withMinimumLogLevel(LogLevel.None)
const test = <E>(title: string, body: Effect.Effect<void, E, Effect.Effect.Context<ReturnType<typeof join>>>) =>
  it.scopedLive(title, () => body.pipe(Effect.provide(NodeTransport.layer), quiet))

describe("a chat", { timeout: 60_000 }, () => {
  test(
    "ST-33 ST-36 what one says all hear, over whatever they are connected",
    Effect.gen(function* () {
      const server = yield* serve({ page })
      const clients = yield* Effect.forEach(kinds, (kind) => Effect.zip(Effect.succeed(kind), join(server[kind], kind)))
      for (const [from, speaker] of clients) {
        const text = `hello over ${from}`
        yield* speaker.say(text)
        for (const [, client] of clients) {
          assert.strictEqual(yield* said(client, text), `${from}: ${text}`)
        }
      }
    })
  )

  test(
    "ST-12 names come when somebody joins, and go when somebody leaves",
    Effect.gen(function* () {
      const server = yield* serve({ page })
      const watcher = yield* join(server.tcp, "Watcher")
      for (const kind of kinds) {
        yield* Effect.scoped(Effect.zipRight(join(server[kind], kind), here(watcher, "Watcher", kind)))
        yield* here(watcher, "Watcher")
      }
    })
  )

  test(
    "a name is taken once, over all transports, and free again afterwards",
    Effect.gen(function* () {
      const server = yield* serve({ page })
      const watcher = yield* join(server.webSocket, "Watcher")
      for (const kind of kinds) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* join(server[kind], "Ada")
            for (const other of kinds) {
              const refusal = yield* Effect.flip(Effect.scoped(join(server[other], "Ada")))
              assert.deepInclude(refusal, { _tag: "NameRefused", reason: "somebody is called Ada already" })
            }
          })
        )
        yield* here(watcher, "Watcher")
      }
    })
  )

  test(
    "the chat has room for 50, whose names fit a datagram however they are written",
    Effect.gen(function* () {
      const server = yield* serve({ page })
      // Half of a surrogate pair is six bytes of JSON, and nothing is more.
      const names = Array.from({ length: 50 }, (_, at) => "\ud800".repeat(18) + String(at).padStart(2, "0"))
      yield* Effect.forEach(names.slice(1), (name) => join(server.tcp, name))
      const last = yield* join(server.udp, names[0] ?? "")
      yield* here(last, ...names.slice(1), ...names.slice(0, 1))
      const refusal = yield* Effect.flip(join(server.webSocket, "Ada"))
      assert.deepInclude(refusal, { _tag: "NameRefused", reason: "there is no place left" })
    })
  )

  test(
    "of two who ask for one name at once, one gets it",
    Effect.gen(function* () {
      const server = yield* serve({ page })
      const asked = ["tcp", "udp", "tcp", "udp"] as const
      const answers = yield* Effect.forEach(asked, (kind) => Effect.either(join(server[kind], "Ada")), {
        concurrency: "unbounded"
      })
      assert.strictEqual(answers.filter(({ _tag }) => _tag === "Right").length, 1)
    })
  )

  test(
    "ST-23 ST-24 who speaks without a name, or garbage, disturbs nobody",
    Effect.gen(function* () {
      const server = yield* serve({ page })
      const ada = yield* join(server.tcp, "Ada")
      const grace = yield* join(server.udp, "Grace")
      yield* garbageOverTcp(server.tcp)
      yield* datagrams(
        server.udp,
        "garbage",
        `["say",{"text":"nobody"}]`,
        `["join",{"name":""},1]`,
        `["said",{"from":"Ada","text":"not me"}]`,
        "[1,2,3,4]"
      )
      yield* grace.say("still here")
      assert.strictEqual(yield* said(ada), "Grace: still here")
    })
  )

  test(
    "words that the protocol has no room for are not sent",
    Effect.gen(function* () {
      const server = yield* serve({ page })
      const ada = yield* join(server.tcp, "Ada")
      for (const words of ["", "two\nlines", "\u001b[2J", "x".repeat(501)]) {
        assert.include(yield* Effect.flip(ada.say(words)), { _tag: "SerializeError" })
      }
      assert.include(yield* Effect.flip(join(server.tcp, "x".repeat(21))), { _tag: "SerializeError" })
    })
  )

  test(
    "the server goes away, and everybody hears the end",
    Effect.gen(function* () {
      const clients = yield* Effect.scoped(
        Effect.flatMap(serve({ page }), (server) => Effect.forEach(kinds, (kind) => join(server[kind], kind)))
      )
      for (const client of clients) {
        assert.include(yield* Effect.flip(Effect.forever(client.heard.take)), { _tag: "NoSuchElementException" })
      }
    })
  )

  test(
    "serves the page, and nothing else",
    Effect.gen(function* () {
      const { webSocket } = yield* serve({ page })
      const url = webSocket.replace(/^ws(.*)chat$/, "http$1")
      const [root, other] = yield* Effect.promise(() => Promise.all([fetch(url), fetch(`${url}other`)]))
      assert.strictEqual(yield* Effect.promise(() => root.text()), page)
      assert.deepStrictEqual([root.headers.get("content-type"), other.status], ["text/html; charset=utf-8", 404])
    })
  )

  it.live("ST-33 chats as a program", () =>
    Effect.gen(function* () {
      const { code, left, stderr, stdout } = yield* run("chat")
      assert.deepStrictEqual(stdout.trimEnd().split("\n"), [
        "here: Watcher, Ada, Grace, Edsger",
        "Ada: hello over TCP (heard by 3)",
        "Grace: hello over UDP (heard by 3)",
        "Edsger: hello over WebSocket (heard by 3)",
        "here: Watcher"
      ])
      assert.deepStrictEqual([code, stderr, left], [0, "", []])
    })
  )
})
