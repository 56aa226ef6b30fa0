import { message, now, since, type Contender } from "../contender.js"
import { startAnswerer } from "../answerer.js"

/** A round trip of JSON over the IPC channel of `child_process`. */
export const ipcEcho: Contender = {
  measure: async () => {
    const child = startAnswerer("child_process echo", "")
    await new Promise((resolve) => child.once("message", resolve))
    return (count) =>
      new Promise((resolve) => {
        const start = now()
        let left = count
        child.removeAllListeners("message").on("message", (received) => {
          if (--left === 0) resolve(since(start) / count)
          else child.send(received)
        })
        child.send(message)
      })
  },
  answer: async () => {
    process.on("message", (received) => process.send?.(received))
    process.send?.("ready")
    await new Promise((resolve) => process.once("disconnect", resolve))
  }
}
