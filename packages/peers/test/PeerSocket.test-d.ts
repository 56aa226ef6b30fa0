import { MetaSocket, type PeerOptions, PeerProtocol, PeerSocket, type PeerTransport } from "@ductworks/peers"
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
  const wrong = [
    // @ts-expect-error no such type
    PeerSocket.make(Chat, { handlers: { shout: () => Effect.void } }),
    // @ts-expect-error a reply is a number
    PeerSocket.make(Chat, { handlers: { sum: () => Effect.succeed("6") } }),
    // @ts-expect-error no such type
    MetaSocket.make(Chat, { handlers: { shout: () => Effect.void } }),
    // @ts-expect-error a reply is a number
    MetaSocket.make(Chat, { handlers: { sum: () => Effect.succeed("6") } })
  ]
  expectTypeOf(wrong).toBeArray()
})

it("without options nothing but the transport and the scope is needed", () => {
  const made = PeerSocket.make(Chat)
  expectTypeOf<Effect.Effect.Context<typeof made>>().toEqualTypeOf<PeerTransport.PeerTransport | Scope.Scope>()
  expectTypeOf<Effect.Effect.Success<typeof made>>().toEqualTypeOf<PeerSocket.PeerSocket<(typeof Chat)["messages"]>>()
})

it("options in a variable need what their type says, and nothing by default", () => {
  type Chats = (typeof Chat)["messages"]
  const plain: PeerOptions.Options<Chats> = { timeout: "5 seconds" }
  const made = PeerSocket.make(Chat, plain)
  expectTypeOf<Effect.Effect.Context<typeof made>>().toEqualTypeOf<PeerTransport.PeerTransport | Scope.Scope>()
  const posting: PeerOptions.Options<Chats, Mail> = { tick: () => Effect.flatMap(Mail, ({ post }) => post) }
  const posted = PeerSocket.make(Chat, posting)
  expectTypeOf<Effect.Effect.Context<typeof posted>>().toEqualTypeOf<PeerTransport.PeerTransport | Scope.Scope | Mail>()
  // @ts-expect-error they may need nothing
  expectTypeOf<PeerOptions.Options<Chats>>(posting)
  const some: Pick<PeerOptions.Options<Chats, Mail>, "handlers"> &
    Pick<PeerOptions.Options<Chats, Database>, "defaultHandlers"> = {}
  const offered = PeerSocket.make(Chat, some)
  expectTypeOf<Effect.Effect.Context<typeof offered>>().toEqualTypeOf<
    PeerTransport.PeerTransport | Scope.Scope | Mail | Database
  >()
})

it("ST-36 the handlers of a meta socket may need services, and have the types of the protocol", () => {
  const made = MetaSocket.make(Chat, {
    handlers: {
      say: (_child, _peer, { text }) => Effect.flatMap(Database, (database) => database.save(text)),
      sum: [(_child, _peer, numbers) => Effect.as(Mail, numbers.length)]
    },
    override: true
  })
  expectTypeOf<Effect.Effect.Context<typeof made>>().toEqualTypeOf<Scope.Scope | Database | Mail>()
  const bare = MetaSocket.make(Chat)
  expectTypeOf<Effect.Effect.Context<typeof bare>>().toEqualTypeOf<Scope.Scope>()
  const options: MetaSocket.MetaOptions<(typeof Chat)["messages"], Mail> = {}
  const held = MetaSocket.make(Chat, options)
  expectTypeOf<Effect.Effect.Context<typeof held>>().toEqualTypeOf<Scope.Scope | Mail>()
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
