import { NodeTransport } from "@ductworks/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { readFileSync } from "node:fs"
import { join } from "../src/chat/client.js"
import { said } from "../src/chat/program.js"
import { type Options, serve } from "../src/chat/server.js"
import { Chromium, visit } from "./support/visitors.js"

const page = readFileSync(new URL("../src/chat/page.html", import.meta.url), "utf8")

const urlOf = ({ webSocket }: { readonly webSocket: string }) => webSocket.replace(/^ws(.*)chat$/, "http$1")

/** A server that can be ended before the test does. */
const endable = (options: Options) =>
  Effect.gen(function* () {
    const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
    const server = yield* Scope.extend(serve(options), scope)
    return { ...server, end: Scope.close(scope, Exit.void) }
  })

layer(Layer.merge(Chromium.layer, NodeTransport.layer), { timeout: "60 seconds", excludeTestServices: true })(
  "the chat's page",
  (it) => {
    it.scoped("two pages, TCP, UDP and WebSocket: all hear all, and see who is here", () =>
      Effect.gen(function* () {
        const server = yield* serve({ page })
        const [ada, grace] = yield* Effect.all([visit(urlOf(server)), visit(urlOf(server))])
        yield* ada.readsStatus("Not connected")
        yield* ada.joins("Ada")
        yield* ada.readsStatus("Connected as Ada")
        yield* grace.joins("Grace")
        const names = ["Ada", "Grace"]
        assert.deepStrictEqual(yield* ada.seesNames("Grace"), names)

        const clients = yield* Effect.forEach(["tcp", "udp", "webSocket"] as const, (kind) =>
          Effect.gen(function* () {
            const client = yield* join(server[kind], kind)
            names.push(kind)
            for (const visitor of [ada, grace]) assert.deepStrictEqual(yield* visitor.seesNames(kind), names)
            yield* client.say(`hello over ${kind}`)
            for (const visitor of [ada, grace]) yield* visitor.hears(`${kind}: hello over ${kind}`)
            return client
          })
        )
        yield* ada.says("hello from a page")
        for (const visitor of [ada, grace]) yield* visitor.hears("Ada: hello from a page")
        for (const client of clients) {
          assert.strictEqual(yield* said(client, "hello from a page"), "Ada: hello from a page")
        }

        yield* grace.leaves()
        yield* grace.readsStatus("Not connected")
        yield* ada.seesNameGo("Grace")
        assert.deepStrictEqual([ada.problems, grace.problems], [[], []])
      })
    )

    it.scoped("a client that leaves is seen to go", () =>
      Effect.gen(function* () {
        const server = yield* serve({ page })
        const ada = yield* visit(urlOf(server))
        yield* ada.joins("Ada")
        yield* ada.readsStatus("Connected as Ada")
        for (const kind of ["tcp", "udp", "webSocket"] as const) {
          yield* Effect.scoped(Effect.zipRight(join(server[kind], kind), ada.seesNames(kind)))
          yield* ada.seesNameGo(kind)
        }
        assert.deepStrictEqual(ada.problems, [])
      })
    )

    it.scoped("a name that is taken is refused, and another one works", () =>
      Effect.gen(function* () {
        const server = yield* serve({ page })
        yield* join(server.udp, "Ada")
        const visitor = yield* visit(urlOf(server))
        yield* visitor.joins("Ada")
        yield* visitor.readsStatus("Not connected: somebody is called Ada already")
        yield* visitor.joins("Grace")
        yield* visitor.readsStatus("Connected as Grace")
        assert.deepStrictEqual(visitor.problems, [])
      })
    )

    it.scoped("the page answers heartbeats, so that a silent visitor is not taken for gone", () =>
      Effect.gen(function* () {
        const ada = yield* visit(urlOf(yield* serve({ page })))
        const answer = ada.sends(`["~beat",null]`)
        yield* ada.joins("Ada")
        yield* answer
        assert.deepStrictEqual(ada.problems, [])
      })
    )

    it.scoped("hostile text is text", () =>
      Effect.gen(function* () {
        const server = yield* serve({ page })
        const ada = yield* visit(urlOf(server))
        yield* ada.joins("Ada")
        yield* ada.readsStatus("Connected as Ada")
        const name = `<img src=x onerror=1>`.slice(0, 20)
        const mallory = yield* join(server.tcp, name)
        assert.deepStrictEqual(yield* ada.seesNames(name), ["Ada", name])
        for (const words of [
          `<img src="x" onerror="document.title = 'hacked'">`,
          `<script>document.title = 'hacked'</script>`,
          `"><svg onload="document.title='hacked'"> &lt;b&gt; \${document.title = 'hacked'}`
        ]) {
          yield* mallory.say(words)
          yield* ada.hears(`${name}: ${words}`)
          yield* ada.says(words)
          yield* ada.hears(`Ada: ${words}`)
        }
        const made = ada.page.locator("main").locator("img, svg, script, b")
        assert.strictEqual(yield* Effect.promise(() => made.count()), 0)
        assert.strictEqual(yield* Effect.promise(() => ada.page.title()), "Chat")
        assert.deepStrictEqual(ada.problems, [])
      })
    )

    it.scoped("the server goes away and comes back, and so does the page", () =>
      Effect.gen(function* () {
        const first = yield* endable({ page })
        const url = urlOf(first)
        const ada = yield* visit(url)
        yield* ada.joins("Ada")
        yield* ada.readsStatus("Connected as Ada")
        yield* first.end
        yield* ada.readsStatus("Disconnected, trying again")

        const second = yield* serve({ page, port: Number(new URL(url).port) })
        yield* ada.readsStatus("Connected as Ada")
        const client = yield* join(second.udp, "Grace")
        assert.deepStrictEqual(yield* ada.seesNames("Grace"), ["Ada", "Grace"])
        yield* ada.says("back again")
        assert.strictEqual(yield* said(client, "back again"), "Ada: back again")
        // Chromium itself tells of every attempt that nobody answers; the page has nothing to add.
        const own = ada.problems.filter((problem) => !/^WebSocket connection to 'ws:\S+' failed/.test(problem))
        assert.deepStrictEqual(own, [])
      })
    )
  }
)
