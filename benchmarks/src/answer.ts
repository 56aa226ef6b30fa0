// The answering process of a contender: node answer.js <contender> <address>
import { contenders } from "./contenders/index.js"

// It ends with the measuring process, also while it stalls on purpose.
process.once("disconnect", () => process.exit())
const [name = "", address = ""] = process.argv.slice(2)
const contender = await contenders[name]?.()
await contender?.answer?.(address)
if (process.connected) process.disconnect()
