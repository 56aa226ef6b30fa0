import type { Peer } from "@ductworks/peers/PeerTransport"
import { formatUdp } from "@ductworks/platform-node/PeersKit"
import { AF } from "../../SocketConstants.js"
import type { Binding, RawAddress } from "../binding.js"

/** A peer that has its address as the system does. To everybody else it is plain data: hence the `#`. */
export class NativeTarget implements Peer {
  readonly id: string
  readonly endpoint: string
  readonly #host: string
  readonly #port: number
  readonly #isV6: boolean
  readonly #raw: RawAddress
  readonly #length: number

  /** @param length of the address, which is the beginning of `raw`; or why there is none, a negative errno */
  constructor(host: string, port: number, raw: RawAddress, length: number) {
    this.id = this.endpoint = formatUdp(host, port)
    this.#host = host
    this.#port = port
    this.#isV6 = host.includes(":")
    this.#raw = raw
    this.#length = length
  }

  get host(): string {
    return this.#host
  }

  get port(): number {
    return this.#port
  }

  get isV6(): boolean {
    return this.#isV6
  }

  get raw(): RawAddress {
    return this.#raw
  }

  get length(): number {
    return this.#length
  }

  /** Whether this is the address that begins there. */
  isAt(from: Uint8Array, offset: number, length: number): boolean {
    if (length !== this.#length) return false
    for (let at = 0; at < length; at++) if (this.#raw[at] !== from[offset + at]) return false
    return true
  }
}

/** A peer at a numeric address. */
export const targetOf = (binding: Binding, host: string, port: number): NativeTarget => {
  const raw = new Uint8Array(binding.constants.SIZE.SOCKADDR_STORAGE ?? 128)
  const length = binding.encodeInet(host.includes(":") ? AF.INET6 : AF.INET, host, port, raw)
  return new NativeTarget(host, port, length < 0 ? raw : raw.slice(0, length), length)
}

/** A peer at the address that the system gave. */
export const sourceOf = (binding: Binding, raw: RawAddress, length: number): NativeTarget => {
  const decoded = binding.decode(raw, length)
  if (decoded === undefined || decoded instanceof Uint8Array) return new NativeTarget("", 0, raw, length)
  return new NativeTarget(decoded[0], decoded[1], raw, length)
}
