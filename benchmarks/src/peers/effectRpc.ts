import { Rpc, RpcClient, RpcGroup, RpcSerialization, RpcServer } from "@effect/rpc"
import { NodeSocket, NodeSocketServer } from "@effect/platform-node"
import { Effect, Layer, Stream, Schema } from "effect"
import { eachSince, message, now, small, type Contender, type Start } from "../contender.js"
import { Laps } from "../figure.js"
import { freshPath } from "../paths.js"
import { Message, Small } from "../schemas.js"

const Calls = RpcGroup.make(
  Rpc.make("Echo", { payload: Message, success: Message }),
  Rpc.make("Many", { payload: { count: Schema.Int }, success: Small, stream: true })
)

const handlers = Calls.toLayer({
  Echo: (value) => Effect.succeed(value),
  Many: ({ count }) =>
    Stream.range(1, count).pipe(
      Stream.map(() => small),
      Stream.rechunk(512)
    )
})

export type Format = "ndjson" | "msgPack"

const formats = { ndjson: RpcSerialization.layerNdjson, msgPack: RpcSerialization.layerMsgPack }

const serve = (path: string, format: Format) =>
  RpcServer.layer(Calls, { disableTracing: true }).pipe(
    Layer.provide(handlers),
    Layer.provide(RpcServer.layerProtocolSocketServer),
    Layer.provide(NodeSocketServer.layer({ path })),
    Layer.provide(formats[format]),
    Layer.launch,
    Effect.runPromise
  )

const connect = async (start: Start, format: Format) => {
  const path = freshPath()
  start(path)
  const protocol = RpcClient.layerProtocolSocket({ retryTransientErrors: true }).pipe(
    Layer.provide(NodeSocket.layerNet({ path })),
    Layer.provide(formats[format])
  )
  const client = await new Promise<Effect.Effect.Success<ReturnType<typeof makeClient>>>((resolve) => {
    const keep = Effect.flatMap(makeClient(), (client) =>
      Effect.zipRight(
        Effect.sync(() => resolve(client)),
        Effect.never
      )
    )
    Effect.runFork(keep.pipe(Effect.scoped, Effect.provide(protocol)))
  })
  await Effect.runPromise(client.Echo(message))
  return client
}

const makeClient = () => RpcClient.make(Calls, { disableTracing: true })

/** A call and its answer. */
export const rpcEcho = (format: Format): Contender => ({
  measure: async (start) => {
    const client = await connect(start, format)
    return (count) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const laps = new Laps(count)
          do yield* client.Echo(message)
          while (!laps.lap())
          return laps.figure()
        })
      )
  },
  answer: (path) => serve(path, format)
})

/** A stream of small messages from the server. */
export const rpcStream = (format: Format): Contender => ({
  measure: async (start) => {
    const client = await connect(start, format)
    return (count) => {
      const begun = now()
      return Effect.runPromise(Stream.runDrain(client.Many({ count }))).then(() => eachSince(begun, count))
    }
  },
  answer: (path) => serve(path, format)
})
