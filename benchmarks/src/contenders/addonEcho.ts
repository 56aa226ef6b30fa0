import { loadAddon, type Addon } from "../addon.js"
import type { Contender, Start } from "../contender.js"
import { Laps } from "../figure.js"
import { freshPath } from "../paths.js"

const size = 64
const read = 1

/** A round trip of 64 bytes on the functions of the addon alone: without Effect, `Sock`, and their guarantees. */
export const addonEcho: Contender = {
  measure: async (start) => {
    const addon = loadAddon()
    const handle = await accept(addon, start)
    const buffer = new Uint8Array(size)
    const message = new Uint8Array(size).fill(7)
    return (count) =>
      new Promise((resolve) => {
        const laps = new Laps(count)
        const send = () => addon.send(handle, message, 0, size, 0, 0)
        onBytes(addon, handle, buffer, () => {
          if (!laps.lap()) send()
          else resolve(laps.figure())
        })
        send()
      })
  },
  answer: (path) =>
    new Promise((resolve) => {
      const addon = loadAddon()
      const handle = open(addon)
      addon.connect(handle, ...addressOf(addon, path))
      const buffer = new Uint8Array(size)
      onBytes(addon, handle, buffer, (length) => {
        if (length <= 0) resolve()
        else addon.send(handle, buffer, 0, size, 0, 0)
      })
    })
}

/** Receives once whenever there is something: a message is here as a whole. It stays armed. */
const onBytes = (addon: Addon, handle: number, buffer: Uint8Array, deliver: (length: number) => void): void => {
  addon.onReady(() => {
    const length = addon.recv(handle, buffer, 0, size, 0, 0)
    if (length > 0) addon.wait(handle, read)
    deliver(length)
  })
  addon.wait(handle, read)
}

const accept = (addon: Addon, start: Start): Promise<number> =>
  new Promise((resolve) => {
    const listener = open(addon)
    const path = freshPath()
    addon.bind(listener, ...addressOf(addon, path))
    addon.listen(listener, 1)
    addon.onReady(() => {
      resolve(addon.accept(listener, new Uint8Array(128)))
      addon.close(listener)
    })
    addon.wait(listener, read)
    start(path)
  })

const open = ({ socket, constants }: Addon): number => socket(constants.AF.UNIX, constants.SOCK.STREAM, 0)

const addressOf = (addon: Addon, path: string): [address: Uint8Array, length: number] => {
  const address = new Uint8Array(128)
  return [address, addon.encodeUnix(Buffer.from(path), address)]
}
