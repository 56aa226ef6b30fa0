import type { UdpOptions } from "../../NodePeers.js"
import { hostProblem } from "../addresses.js"

// A buffer's size is an int of C.
const wholeNumbers = [
  ["port", 0, 65535],
  ["receiveBufferBytes", 1, 2 ** 31 - 1],
  ["sendBufferBytes", 1, 2 ** 31 - 1]
] as const

/** What is wrong with the settings, before anything is asked of the system. */
export const udpProblem = (options: UdpOptions): string | undefined => {
  const problem = hostProblem(options.host ?? "127.0.0.1")
  if (problem !== undefined) return problem
  for (const [name, least, most] of wholeNumbers) {
    const { [name]: value = least } = options
    if (!isWithin(value, least, most)) return notWithin(name, least, most, value)
  }
  const { ttl = 0 } = options.multicast ?? {}
  return isWithin(ttl, 0, 255) ? undefined : notWithin("multicast.ttl", 0, 255, ttl)
}

const isWithin = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most

const notWithin = (name: string, least: number, most: number, value: number): string =>
  `${name} must be a whole number from ${least} to ${most}, not ${value}`

/** `SO_REUSEADDR`. */
export const sharesPort = ({ multicast, reuseAddress }: UdpOptions): boolean =>
  reuseAddress ?? (multicast?.groups?.length ?? 0) > 0
