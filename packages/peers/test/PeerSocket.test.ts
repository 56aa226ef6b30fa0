import { PeerSocket } from "@ductworks/peers"
import * as MemoryPeers from "@ductworks/testing/MemoryPeers"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { Chat } from "./support/chat.js"

describe("two sockets", () => {
  it.scoped("ST-21 ST-36 talk", () =>
    Effect.gen(function* () {
      const [serverTransport, clientTransport] = yield* MemoryPeers.pair()
      const said = yield* Deferred.make<string>()
      const server = yield* PeerSocket.makeWith(serverTransport, Chat, {
        handlers: {
          say: (_peer, { text }) => Deferred.succeed(said, text),
          sum: (_peer, numbers) => Effect.succeed(numbers.reduce((a, b) => a + b, 0))
        }
      })
      const client = yield* PeerSocket.makeWith(clientTransport, Chat)
      const peer = yield* client.connect(server.endpoints[0] ?? "")
      yield* client.send.say({ text: "hello" }, peer)
      assert.strictEqual(yield* Deferred.await(said), "hello")
      assert.strictEqual(yield* client.request.sum([1, 2, 3], peer), 6)
    })
  )
})
