import { eachSince, now, small, type Contender } from "../contender.js"

/** Small JSON messages one way over the IPC channel of `child_process`; waits when the channel says that it is full. */
export const ipcOneWay: Contender = {
  measure: async (start) => {
    const child = start("")
    await new Promise((resolve) => child.once("message", resolve))
    return (count) =>
      new Promise((resolve) => {
        const begun = now()
        child.removeAllListeners("message").once("message", () => resolve(eachSince(begun, count)))
        child.send(count)
        let left = count
        const write = () => {
          while (left > 0) {
            left--
            if (!child.send(small, write)) return
          }
        }
        // Every completed send looks whether there is more to send.
        write()
      })
  },
  answer: async () => {
    let left = 0
    process.on("message", (received) => {
      if (left === 0) left = Number(received)
      else if (--left === 0) process.send?.("done")
    })
    process.send?.("ready")
    await new Promise((resolve) => process.once("disconnect", resolve))
  }
}
