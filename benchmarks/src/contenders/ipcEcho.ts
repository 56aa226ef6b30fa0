import { message, type Contender } from "../contender.js"
import { Laps } from "../figure.js"

/** A round trip of JSON over the IPC channel of `child_process`. */
export const ipcEcho: Contender = {
  measure: async (start) => {
    const child = start("")
    await new Promise((resolve) => child.once("message", resolve))
    return (count) =>
      new Promise((resolve) => {
        const laps = new Laps(count)
        child.removeAllListeners("message").on("message", (received) => {
          if (laps.lap()) resolve(laps.figure())
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
