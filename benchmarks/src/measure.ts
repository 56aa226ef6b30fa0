// The measuring process of a contender: node measure.js <contender>. Its parent asks for rounds, one at a time.
import { contenders } from "./contenders/index.js"

const [name = ""] = process.argv.slice(2)
const contender = contenders[name]
if (contender === undefined) throw new Error(`there is no contender ${name}`)
const round = await contender.measure()
process.on("message", (count) => {
  void round(Number(count)).then((figure) => process.send?.(figure))
})
process.on("disconnect", () => process.exit())
process.send?.("ready")
