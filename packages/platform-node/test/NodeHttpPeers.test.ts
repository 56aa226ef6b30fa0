import { PeerProtocol, PeerSocket } from "@ductworks/peers"
import * as NodeHttpPeers from "@ductworks/platform-node/NodeHttpPeers"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { checkPeers } from "@ductworks/testing/checkPeers"
import { assert, describe, it } from "@effect/vitest"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as http from "node:http"
import { endpointOf, until, watch } from "./support/peers.js"
import { openResources, text } from "./support/transport.js"

const server = (options?: NodeHttpPeers.HttpPeersOptions) =>
  Effect.flatMap(
    Layer.build(NodeHttpServer.layer(() => http.createServer(), { port: 0, host: "127.0.0.1" })),
    (context) => Effect.provide(NodeHttpPeers.makeServer(options), context)
  )

const ask = (url: string, init?: RequestInit) =>
  Effect.promise(async () => {
    const response = await fetch(url, { ...init, headers: { connection: "close" } })
    return { status: response.status, body: await response.text() }
  })

const decode = (packet: Uint8Array): unknown => JSON.parse(Buffer.from(packet).toString())

class Refused extends Data.TaggedError("Refused")<{ readonly cause: unknown }> {}

/** One request: the body of its answer, which must be a good one. Interruption aborts it. */
const post = (url: string, body: Uint8Array) =>
  Effect.async<Uint8Array, Refused>((resume) => {
    const refuse = (cause: unknown) => resume(new Refused({ cause }))
    const request = http.request(url, { method: "POST", agent: false }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", refuse)
      response.on("end", () =>
        response.statusCode === 200
          ? resume(Effect.succeed(new Uint8Array(Buffer.concat(chunks))))
          : refuse(response.statusCode)
      )
    })
    request.on("error", refuse).end(body)
    return Effect.sync(() => request.destroy())
  })

const bodyOf = (packet: Uint8Array): Uint8Array => {
  const message = decode(packet)
  const head: unknown = Array.isArray(message) ? message[1] : undefined
  return text.encode(Predicate.hasProperty(head, "body") ? String(head.body) : "no body")
}

describe("checkPeers over HTTP", () => {
  const checks = checkPeers({
    kind: "exchange",
    server: server(),
    ask: post,
    asked: bodyOf,
    answer: (body) => text.encode(JSON.stringify(["~reply", { body: Buffer.from(body).toString() }, 1])),
    cannot: ["bytes"],
    probe: openResources
  })
  for (const check of checks) {
    it.live(`ST-15 ST-41 law ${check.law}: ${check.name} (http)`, () => check.run, 20_000)
  }
})

class Verbs extends PeerProtocol.make("test/Verbs", {
  GET: { schema: Schema.Struct({ path: Schema.String }), reply: Schema.Unknown }
}) {}

describe("HTTP peers", () => {
  it.scopedLive("ST-41 a request joins, sends its verb and body, is answered and leaves (http)", () =>
    Effect.gen(function* () {
      const transport = yield* server()
      const asked = yield* Effect.fork(ask(`${endpointOf(transport)}/a?b=1`, { method: "POST", body: "hello" }))
      const joined = yield* transport.receive
      const [, event] = joined.length > 1 ? joined : [...joined, ...(yield* transport.receive)]
      if (event?._tag !== "Packet") return assert.fail("no packet")
      const message = decode(event.packet)
      if (!Array.isArray(message)) return assert.fail("no message")
      assert.strictEqual(message[0], "POST")
      assert.deepInclude(message[1], { path: "/a?b=1", body: "hello" })
      yield* transport.send(
        event.peer,
        text.encode(JSON.stringify(["~reply", { status: 201, body: { ok: 1 } }, message[2]]))
      )
      assert.deepStrictEqual(yield* asked, { status: 201, body: '{"ok":1}' })
      const [left] = yield* transport.receive
      assert.include(left, { _tag: "Left" })
    })
  )

  const json = "application/json"
  const plain = "text/plain"
  const replies: ReadonlyArray<readonly [reply: unknown, status: number, type: string | null, body: string]> = [
    [{ users: ["Ada"] }, 200, json, '{"users":["Ada"]}'],
    [{ status: "active", name: "Ada" }, 200, json, '{"status":"active","name":"Ada"}'],
    [{ status: 201, name: "Ada" }, 200, json, '{"status":201,"name":"Ada"}'],
    [{ status: 700 }, 200, json, '{"status":700}'],
    [{ status: 100 }, 200, json, '{"status":100}'],
    [{ status: 200.5, body: "x" }, 200, json, '{"status":200.5,"body":"x"}'],
    [{ body: "x", headers: ["a"] }, 200, json, '{"body":"x","headers":["a"]}'],
    [{ headers: { "x-count": 5 } }, 200, json, '{"headers":{"x-count":5}}'],
    [{}, 200, json, "{}"],
    [["Ada"], 200, json, '["Ada"]'],
    [5, 200, json, "5"],
    [null, 200, json, "null"],
    ["hello", 200, plain, "hello"],
    ["", 200, plain, ""],
    [{ body: "hello" }, 200, plain, "hello"],
    [{ body: { status: 404 } }, 200, json, '{"status":404}'],
    [{ body: null }, 200, json, "null"],
    [{ status: 404 }, 404, null, ""],
    [{ status: 404, body: "gone" }, 404, plain, "gone"],
    [{ headers: { "content-type": "text/html" }, body: "<p>" }, 200, "text/html", "<p>"]
  ]

  it.scopedLive("ST-41 what a handler gives is the answer: a reply, or any other value as its body (http)", () =>
    Effect.gen(function* () {
      const transport = yield* server()
      yield* PeerSocket.makeWith(transport, Verbs, {
        handlers: { GET: (_, { path }) => Effect.succeed(replies[Number(path.slice(1))]?.[0]) }
      })
      for (const [index, [, ...expected]] of replies.entries()) {
        const response = yield* Effect.promise(() => fetch(`${endpointOf(transport)}/${index}`))
        const type = response.headers.get("content-type")
        const body = yield* Effect.promise(() => response.text())
        assert.deepStrictEqual([response.status, type?.split(";")[0] ?? null, body], expected)
      }
    })
  )

  it.scopedLive("ST-41 an oversize body is 413, no answer 504, and a failed request its status (http)", () =>
    Effect.gen(function* () {
      const transport = yield* server({ maxPacketBytes: 100, timeout: "2 seconds" })
      const seen = yield* watch(transport)
      assert.strictEqual((yield* ask(endpointOf(transport), { method: "POST", body: "x".repeat(101) })).status, 413)
      assert.strictEqual(transport.stats().oversize, 1)
      assert.strictEqual((yield* ask(endpointOf(transport))).status, 504)
      assert.include(seen.left()[0]?.cause, { _tag: "PeerLost", reason: "Vanished" })
      const statuses = [
        ["NoHandler", 404],
        ["HandlerFailed", 500],
        ["TooMany", 503]
      ] as const
      for (const [reason, status] of statuses) {
        const count = seen.packets().length
        const asked = yield* Effect.fork(ask(endpointOf(transport)))
        yield* until(() => seen.packets().length > count)
        const peer = seen.packets().at(-1)?.peer
        if (peer === undefined) return assert.fail("nobody asked")
        assert.include(yield* Effect.flip(transport.send(peer, text.encode("nonsense"))), { _tag: "SerializeError" })
        yield* transport.send(peer, text.encode(JSON.stringify(["~error", reason, 1])))
        assert.strictEqual((yield* asked).status, status)
        assert.include(yield* Effect.flip(transport.send(peer, text.encode("[]"))), { _tag: "UnknownPeer" })
      }
    })
  )

  it.scopedLive("ST-41 requests that do not end are counted too: those over maxRequests get 503 (http)", () =>
    Effect.gen(function* () {
      const transport = yield* server({ maxRequests: 2 })
      const seen = yield* watch(transport)
      const begun = yield* Effect.acquireRelease(
        Effect.sync(() =>
          Array.from({ length: 2 }, () => {
            const request = http.request(endpointOf(transport), { method: "POST", agent: false })
            request.on("error", () => {}).write("the beginning of a body")
            return request
          })
        ),
        (requests) => Effect.sync(() => requests.forEach((request) => request.destroy()))
      )
      yield* until(() => Reflect.get(transport, "reading") === 2)
      assert.strictEqual((yield* ask(endpointOf(transport))).status, 503)
      assert.strictEqual(transport.stats().refused, 1)
      for (const request of begun) request.destroy()
      yield* until(() => Reflect.get(transport, "reading") === 0)
      const asking = yield* Effect.fork(ask(endpointOf(transport)))
      yield* until(() => seen.packets().length === 1)
      yield* Fiber.interrupt(asking)
    })
  )

  it.scopedLive("ST-41 requests over the backlog get 503, and are counted (http)", () =>
    Effect.gen(function* () {
      const transport = yield* server({ backlog: 1, timeout: "200 millis" })
      const statuses = yield* Effect.replicateEffect(ask(endpointOf(transport)), 4, { concurrency: 4 })
      assert.deepStrictEqual(statuses.map(({ status }) => status).sort(), [503, 503, 503, 504])
      assert.strictEqual(transport.stats().refused, 3)
    })
  )
})
