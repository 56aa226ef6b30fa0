import type * as net from "node:net"

// With nothing for this long the other end is taken to have stopped sending. It bounds how long two ends in one fiber
// wait for one another, too.
const quietMillis = 100

const discardLimit = 64 * 1024 * 1024

/** Calls `then` when no more was discarded for that long, or more than 64 MiB was. Stopped by what it gives. */
export const whenQuiet = (discarded: () => number, then: () => void): (() => void) => {
  let seen = discarded()
  const timer = setInterval(() => {
    const now = discarded()
    if (now === seen || now > discardLimit) then()
    seen = now
  }, quietMillis)
  return () => clearInterval(timer)
}

/**
 * Closes a TCP socket that is being read and discarded: at once if nothing arrives; else, after `shutdown`, when the
 * other end has closed, or was quiet for 100 ms, or sent another 64 MiB.
 */
export const discardUntilQuiet = (
  socket: net.Socket,
  hasUnread: boolean,
  discarded: () => number,
  shutdown: () => void
): void => {
  const destroy = () => socket.destroy()
  const drain = () => {
    if (socket.destroyed) return
    shutdown()
    socket.once("close", whenQuiet(discarded, destroy))
  }
  socket.once("end", destroy)
  if (hasUnread) return drain()
  // The phase after the next poll: in the poll phase itself the first immediate comes before the socket is polled.
  setImmediate(() => setImmediate(() => (discarded() > 0 ? drain() : destroy())))
}
