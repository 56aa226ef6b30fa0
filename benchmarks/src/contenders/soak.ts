import { MessageDuct, Serializer } from "@ductworks/message"
import { Effect } from "effect"
import { small, type Contender } from "../contender.js"
import { answerWith, connectAnswerer, type Carrier } from "../ducts.js"
import { collectGarbage } from "../garbage.js"
import { countStream } from "./ductOneWay.js"

const format: MessageDuct.Format<unknown, unknown> = { serializer: Serializer.json() }

const parts = 10

const repeat = function* (count: number): Generator<unknown> {
  for (let i = 0; i < count; i++) yield small
}

/** What grows with each of the parts: the last half of them against the first. */
const halves = (figures: ReadonlyArray<number>) => {
  const mean = (some: ReadonlyArray<number>) => some.reduce((sum, one) => sum + one, 0) / some.length
  const kept = figures.slice(2)
  return { first: mean(kept.slice(0, kept.length / 2)), last: mean(kept.slice(kept.length / 2)) }
}

const soak =
  (figure: (heaps: ReadonlyArray<number>, cpus: ReadonlyArray<number>, count: number) => number) =>
  (carrier: Carrier): Contender => ({
    measure: async (start) => {
      const duct = await connectAnswerer(start, format, carrier)
      return (count) =>
        Effect.runPromise(
          Effect.gen(function* () {
            const heaps: Array<number> = []
            const cpus: Array<number> = []
            const size = Math.ceil(count / parts)
            for (let part = 0; part < parts; part++) {
              const before = process.cpuUsage()
              yield* duct.send(size)
              yield* duct.sendAll(repeat(size))
              yield* duct.recv
              const used = process.cpuUsage(before)
              cpus.push(((used.user + used.system) * 1000) / size)
              collectGarbage()
              heaps.push(process.memoryUsage().heapUsed)
            }
            return { value: figure(heaps, cpus, size) }
          })
        )
    },
    answer: (address) => answerWith(address, format, carrier, countStream)
  })

/** Bytes of heap that each message leaves behind. */
export const soakHeap = soak((heaps, _, size) => {
  const { first, last } = halves(heaps)
  return (last - first) / (size * (parts / 2 - 1))
})

/** CPU time of a message at the end, against the beginning. */
export const soakCpu = soak((_, cpus) => {
  const { first, last } = halves(cpus)
  return last / first
})

/** CPU time of a message in the sending process, in nanoseconds. */
export const soakCost = soak((_, cpus) => {
  const { first, last } = halves(cpus)
  return (first + last) / 2
})
