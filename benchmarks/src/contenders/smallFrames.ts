import { eachSince, type Contender } from "../contender.js"
import { acknowledgeRounds, sendRound, type Write } from "../netOneWay.js"
import { acceptSocket } from "../netSockets.js"

const header = Buffer.alloc(5, 0x54)

/** Frames of this many bytes one way on `node:net`, `batch` at a time. */
const make = (frameBytes: number, batch: number, write: (payload: Buffer) => Write): Contender => ({
  measure: async (start) => {
    const socket = await acceptSocket(start)
    const payload = Buffer.alloc(frameBytes - header.length, 7)
    return async (count) => eachSince(await sendRound(socket, count, batch, write(payload)), count)
  },
  answer: (path) => acknowledgeRounds(path, frameBytes)
})

const twoWrites =
  (payload: Buffer): Write =>
  (socket, frames) => {
    let takesMore = true
    for (let i = 0; i < frames; i++) {
      socket.write(header)
      takesMore = socket.write(payload)
    }
    return takesMore
  }

const joined =
  (payload: Buffer): Write =>
  (socket, frames) => {
    let takesMore = true
    for (let i = 0; i < frames; i++) takesMore = socket.write(Buffer.concat([header, payload]))
    return takesMore
  }

/** All that is written while the socket is corked goes to one writev(2). */
const vectored =
  (payload: Buffer): Write =>
  (socket, frames) => {
    socket.cork()
    const takesMore = joined(payload)(socket, frames)
    socket.uncork()
    return takesMore
  }

const slab =
  (payload: Buffer): Write =>
  (socket, frames) => {
    const memory = Buffer.allocUnsafeSlow(frames * (header.length + payload.length))
    for (let i = 0, at = 0; i < frames; i++) {
      memory.set(header, at)
      memory.set(payload, (at += header.length))
      at += payload.length
    }
    return socket.write(memory)
  }

const small = 64

export const twoWritesOfSmall = make(small, 1024, twoWrites)
export const joinedWritesOfSmall = make(small, 1024, joined)
export const vectoredSmall = make(small, 64, vectored)
export const slabOfSmall = make(small, 1024, slab)

const large = 32 * 1024

export const vectoredLarge = make(large, 4, (payload) => (socket, frames) => {
  socket.cork()
  const takesMore = twoWrites(payload)(socket, frames)
  socket.uncork()
  return takesMore
})
export const slabOfLarge = make(large, 4, slab)
