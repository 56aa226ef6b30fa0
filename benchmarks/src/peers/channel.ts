import { eachSince, message, now, small, type Contender, type Start } from "../contender.js"
import { Laps } from "../figure.js"

/** Two processes that send each other values, whichever way. */
export interface Channel {
  readonly send: (value: unknown) => void
  /** As fast as it goes, with what back-pressure the way has. */
  readonly sendMany: (count: number, value: unknown) => Promise<void> | void
  onMessage: (value: unknown) => void
  readonly closed: Promise<unknown>
}

export interface Peer {
  /** Starts the answering process and waits for it. */
  readonly accept: (start: Start) => Promise<Channel>
  readonly connect: (address: string) => Promise<Channel>
}

/** A round trip of JSON. */
export const echoOver = (peer: Peer): Contender => ({
  measure: async (start) => {
    const channel = await peer.accept(start)
    return (count) =>
      new Promise((resolve) => {
        const laps = new Laps(count)
        channel.onMessage = (received) => {
          if (laps.lap()) resolve(laps.figure())
          else channel.send(received)
        }
        channel.send(message)
      })
  },
  answer: async (address) => {
    const channel = await peer.connect(address)
    channel.onMessage = (received) => channel.send(received)
    await channel.closed
  }
})

/** Small JSON messages one way; the first says how many follow. */
export const oneWayOver = (peer: Peer): Contender => ({
  measure: async (start) => {
    const channel = await peer.accept(start)
    return async (count) => {
      const begun = now()
      const done = new Promise((resolve) => (channel.onMessage = resolve))
      channel.send(count)
      await channel.sendMany(count, small)
      await done
      return eachSince(begun, count)
    }
  },
  answer: async (address) => {
    const channel = await peer.connect(address)
    let left = 0
    channel.onMessage = (received) => {
      if (left === 0) left = Number(received)
      else if (--left === 0) channel.send("done")
    }
    await channel.closed
  }
})

/** Sends all; for ways that queue what does not leave at once. */
export const repeatedly =
  (send: (value: unknown) => void) =>
  (count: number, value: unknown): void => {
    for (let i = 0; i < count; i++) send(value)
  }
