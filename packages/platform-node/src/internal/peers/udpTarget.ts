import type { Peer } from "@ductworks/peers/PeerTransport"
import { formatUdp } from "./udpAddress.js"

/**
 * A peer that knows where it is, so that a send to it reads no text and looks nothing up. To everybody else it is plain
 * data: hence the `#`.
 */
export class Target implements Peer {
  readonly id: string
  readonly endpoint: string
  readonly #host: string
  readonly #port: number
  readonly #isV6: boolean
  #isProven = false
  #unheard: Error | undefined = undefined
  #sent: ((cause: Error | null) => void) | undefined = undefined

  constructor(host: string, port: number) {
    this.id = this.endpoint = formatUdp(host, port)
    this.#host = host
    this.#port = port
    this.#isV6 = host.includes(":")
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

  /** Whether the system took the last datagram that it was asked about. */
  get isProven(): boolean {
    return this.#isProven
  }

  /** What came of a datagram that its sender waited for. */
  prove(isTaken: boolean): void {
    this.#isProven = isTaken
  }

  /** For a datagram that nobody waits for: dgram needs somebody to tell, or an error would be the socket's. */
  get sent(): (cause: Error | null) => void {
    return (this.#sent ??= (cause) => {
      if (cause !== null && this.#isProven) this.#unheard = cause
    })
  }

  /** Why one that nobody waited for was refused, once; the next one is asked about again. */
  failure(): Error | undefined {
    const unheard = this.#unheard
    if (unheard === undefined) return undefined
    this.#unheard = undefined
    this.#isProven = false
    return unheard
  }
}
