import { type Connection, RawDuct } from "@ductworks/core"
import { Transport } from "@ductworks/core/Transport"
import { MessageDuct } from "@ductworks/message"
import { Effect, Option, Scope } from "effect"
import net from "node:net"
import { type Contender } from "../contender.js"
import { orMissing, type Carrier } from "../ducts.js"
import { collectGarbage } from "../garbage.js"
import { freshPath } from "../paths.js"
import { lasting } from "../loops.js"

/** `"heap"`: V8's heap, and what it knows of off it. `"resident"`: what the process takes, handles of libuv and all. */
export type Memory = "heap" | "resident"

const settled = async (memory: Memory): Promise<number> => {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
  }
  const { external, heapUsed, rss } = process.memoryUsage()
  return memory === "heap" ? heapUsed + external : rss
}

/** Bytes for each of what `open` opens and keeps. The first hundreds pay for what all share. */
const each = (memory: Memory, open: () => Promise<unknown>): Contender => ({
  measure: () => {
    const kept: Array<unknown> = []
    return Promise.resolve(async (count) => {
      for (let i = 0; i < 300; i++) kept.push(await open())
      const before = await settled(memory)
      for (let i = 0; i < count; i++) kept.push(await open())
      return { value: ((await settled(memory)) - before) / count }
    })
  }
})

/** Two connected sockets of `node:net`, half-open, as a hand-written server would have them. */
export const netPairs = (memory: Memory): Contender => ({
  measure: async (start) => {
    const path = freshPath()
    const arrivals: Array<(socket: net.Socket) => void> = []
    const server = net.createServer({ allowHalfOpen: true }, (socket) => arrivals.shift()?.(socket))
    await new Promise<void>((resolve) => server.listen(path, resolve))
    return each(memory, () =>
      Promise.all([
        new Promise<net.Socket>((resolve) => arrivals.push(resolve)),
        new Promise<net.Socket>((resolve) => {
          const socket = net.connect({ path, allowHalfOpen: true }, () => resolve(socket))
        })
      ])
    ).measure(start)
  }
})

/** Both ends of a message duct that is connected and does nothing: it waits for a message. */
export const ductPairs = (carrier: Carrier, memory: Memory): Contender => {
  const open = Effect.gen(function* () {
    const transport = yield* Transport
    const scope = yield* lasting
    const listener = yield* Scope.extend(transport.listen(Option.none(), { backlog: 511 }), scope)
    const duct = (connection: Connection.Connection) => MessageDuct.fromRaw(RawDuct.fromConnection(connection))
    const openOne = Effect.gen(function* () {
      const near = yield* transport.connect(listener.address)
      const far = yield* listener.accept
      const ends = [yield* duct(near), yield* duct(far)]
      for (const end of ends) yield* end.poll(0)
      return ends
    }).pipe(Scope.extend(scope))
    return () => Effect.runPromise(openOne)
  })
  return {
    measure: async (start) => {
      const openOne = await open.pipe(Effect.provide(carrier), orMissing)
      return each(memory, openOne).measure(start)
    }
  }
}
