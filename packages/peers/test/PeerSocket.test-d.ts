import { PeerProtocol, PeerSocket, type PeerTransport } from "@ductworks/peers"
import { Context, Effect, type Layer, Schema, type Scope } from "effect"
import { expectTypeOf, it } from "vitest"

class Chat extends PeerProtocol.make("app/Chat", {
  say: { type: 1, schema: Schema.Struct({ text: Schema.String }) },
  sum: { schema: Schema.Array(Schema.Number), reply: Schema.NumberFromString }
}) {}

class Database extends Context.Tag("Database")<Database, { readonly save: (text: string) => Effect.Effect<void> }>() {}
class Mail extends Context.Tag("Mail")<Mail, { readonly post: Effect.Effect<void> }>() {}

it("ST-36 sends, requests and handlers have the types of the protocol", () => {
  const made = PeerSocket.make(Chat, {
    metadata: () => ({ name: "" }),
    handlers: {
      say: (_peer, { text }) => Effect.flatMap(Database, (database) => database.save(text)),
      sum: [(_peer, numbers) => Effect.succeed(numbers.length)]
    },
    tick: ({ missed }) => Effect.flatMap(Mail, ({ post }) => Effect.when(post, () => missed > 1))
  })
  expectTypeOf<Effect.Effect.Context<typeof made>>().toEqualTypeOf<
    PeerTransport.PeerTransport | Scope.Scope | Database | Mail
  >()
  type Made = Effect.Effect.Success<typeof made>
  expectTypeOf<Parameters<Made["send"]["say"]>[0]>().toEqualTypeOf<{ readonly text: string }>()
  expectTypeOf<keyof Made["request"]>().toEqualTypeOf<"sum">()
  expectTypeOf<Effect.Effect.Success<ReturnType<Made["request"]["sum"]>>>().toEqualTypeOf<number>()
  expectTypeOf<NonNullable<ReturnType<Made["knownPeers"]["get"]>>["metadata"]>().toEqualTypeOf<{ name: string }>()
})

it("ST-36 what does not fit the protocol does not compile", () => {
  // @ts-expect-error no such type
  const _shout = PeerSocket.make(Chat, { handlers: { shout: () => Effect.void } })
  // @ts-expect-error a reply is a number
  const _text = PeerSocket.make(Chat, { handlers: { sum: () => Effect.succeed("6") } })
})

it("without options nothing but the transport and the scope is needed", () => {
  const made = PeerSocket.make(Chat)
  expectTypeOf<Effect.Effect.Context<typeof made>>().toEqualTypeOf<PeerTransport.PeerTransport | Scope.Scope>()
  expectTypeOf<Effect.Effect.Success<typeof made>>().toEqualTypeOf<PeerSocket.PeerSocket<(typeof Chat)["messages"]>>()
})

it("a layer provides the protocol's socket", () => {
  const layer = PeerSocket.layer(Chat, { tick: () => Effect.flatMap(Mail, ({ post }) => post) })
  expectTypeOf(layer).toMatchTypeOf<
    Layer.Layer<PeerProtocol.Socket<"app/Chat">, unknown, PeerTransport.PeerTransport | Mail>
  >()
  expectTypeOf<Effect.Effect.Success<typeof Chat.Socket>>().toEqualTypeOf<
    PeerSocket.PeerSocket<(typeof Chat)["messages"]>
  >()
})
