import { Transport } from "@ductworks/core/Transport"
import { Address } from "@ductworks/core"
import { Effect, Option, Scope } from "effect"
import net from "node:net"
import { eachSince, now, type Contender } from "../contender.js"
import { orMissing, type Carrier } from "../ducts.js"
import { freshPath } from "../paths.js"
import { lasting } from "../loops.js"

/** Connections that are made at once, so that the accepting process is what is measured. */
const width = 32

const knock = (path: string, rounds: number): Promise<void> => {
  const one = async () => {
    for (let i = 0; i < rounds; i++) {
      await new Promise<void>((resolve, reject) => {
        const socket = net.connect({ path })
        socket.once("close", () => resolve()).once("error", reject)
        socket.resume()
      })
    }
  }
  return Promise.all(Array.from({ length: width }, one)).then(() => undefined)
}

/** The other process connects and waits to be closed, as often as the message says. */
const answer = (path: string): Promise<void> =>
  new Promise((resolve) => {
    process.on("message", (rounds) => void knock(path, Number(rounds)))
    process.once("disconnect", () => resolve())
    process.send?.("ready")
  })

/** Accepts and closes, on `node:net`. */
export const netAccept: Contender = {
  measure: async (start) => {
    const path = freshPath()
    let left = 0
    let done = () => {}
    const server = net.createServer((socket) => {
      socket.destroy()
      if (--left === 0) done()
    })
    await new Promise<void>((resolve) => server.listen({ path, backlog: 511 }, resolve))
    const child = start(path)
    await new Promise((resolve) => child.once("message", resolve))
    return (count) =>
      new Promise((resolve) => {
        const rounds = Math.ceil(count / width)
        left = rounds * width
        const begun = now()
        done = () => resolve(eachSince(begun, rounds * width))
        child.send(rounds)
      })
  },
  answer
}

/** Accepts connections of a transport and closes them. */
export const transportAccept = (carrier: Carrier): Contender => ({
  measure: async (start) => {
    const listener = await Effect.gen(function* () {
      const transport = yield* Transport
      return yield* Scope.extend(transport.listen(Option.none(), { backlog: 511 }), yield* lasting)
    }).pipe(Effect.provide(carrier), orMissing)
    const { address } = listener
    if (address._tag !== "UnixAddress") throw new Error(`not a path: ${Address.format(address)}`)
    const child = start(address.path)
    await new Promise((resolve) => child.once("message", resolve))
    return (count) => {
      const rounds = Math.ceil(count / width)
      return Effect.runPromise(
        Effect.gen(function* () {
          const begun = now()
          child.send(rounds)
          for (let i = 0; i < rounds * width; i++) yield* Effect.scoped(listener.accept)
          return eachSince(begun, rounds * width)
        })
      )
    }
  },
  answer
})
