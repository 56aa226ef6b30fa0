// The measuring process of a contender: node measure.js <contender>. Its parent asks for rounds, one at a time.
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { endings, Missing, type Round, type Start } from "./contender.js"
import { contenders } from "./contenders/index.js"

const [name = ""] = process.argv.slice(2)
const answerers: Array<number> = []

const start: Start = (address) => {
  const script = fileURLToPath(new URL("answer.js", import.meta.url))
  const child = fork(script, [name, address], { serialization: "json" })
  if (child.pid !== undefined) answerers.push(child.pid)
  return child
}

const begin = async (): Promise<Round> => {
  const contender = await contenders[name]?.()
  if (contender === undefined) throw new Error(`there is no contender ${name}`)
  return contender.measure(start)
}

process.on("disconnect", () => {
  void Promise.allSettled(endings.map((end) => end())).then(() => process.exit())
})
try {
  const round = await begin()
  process.on("message", (count) => {
    void round(Number(count)).then((figure) => process.send?.(figure))
  })
  process.send?.({ answerers })
} catch (error) {
  if (!(error instanceof Missing)) throw error
  process.send?.({ missing: error.message })
}
