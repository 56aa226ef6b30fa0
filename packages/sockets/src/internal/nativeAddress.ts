import { InvalidAddress } from "@ductworks/core/DuctError"
import { Buffer } from "node:buffer"
import { format, InetAddress, type SocketAddress, UnixAddress } from "../SocketAddress.js"
import { AF } from "../SocketConstants.js"
import type { Binding, RawAddress } from "./binding.js"

/**
 * Addresses between their two forms, for the sockets of one thread. The last one each way is remembered: datagrams come
 * from and go to the same place again and again.
 */
export class Addresses {
  /** What the addon writes addresses to. */
  readonly from: RawAddress
  /** The last address that {@link encode} was given. */
  readonly to: RawAddress
  private readonly decodedRaw: RawAddress
  private decodedLength = 0
  private decoded: SocketAddress = UnixAddress("")
  // By value: the object may be another's, who changes it.
  private encoded: string | undefined
  private encodedPort = 0
  private encodedDomain = AF.UNSPEC
  private encodedLength = 0

  constructor(private readonly binding: Binding) {
    const size = binding.constants.SIZE.SOCKADDR_STORAGE ?? 128
    this.from = new Uint8Array(size)
    this.to = new Uint8Array(size)
    this.decodedRaw = new Uint8Array(size)
  }

  /** Writes the address to {@link to}; its length, or what is wrong with it. */
  encode(domain: number, address: SocketAddress): number | InvalidAddress {
    const isUnix = address._tag === "UnixAddress"
    const text = isUnix ? address.path : address.ip
    const port = isUnix ? 0 : address.port
    if (text === this.encoded && port === this.encodedPort && domain === this.encodedDomain) return this.encodedLength
    this.encoded = undefined
    const length = isUnix
      ? this.binding.encodeUnix(Buffer.from(text), this.to)
      : this.binding.encodeInet(domain, text, port, this.to)
    if (length < 0) return new InvalidAddress({ address: format(address), problem: "the system cannot use it" })
    // A zone's name can come to mean another interface.
    this.encoded = text.includes("%") && !isUnix ? undefined : text
    this.encodedPort = port
    this.encodedDomain = domain
    this.encodedLength = length
    return length
  }

  /** What the addon wrote to {@link from}, or elsewhere. */
  decode(length: number, raw = this.from): SocketAddress {
    if (length === this.decodedLength && this.isDecoded(raw, length)) return this.decoded
    this.decoded = addressOf(this.binding.decode(raw, length))
    this.decodedRaw.set(raw.subarray(0, length))
    this.decodedLength = length
    return this.decoded
  }

  private isDecoded(raw: RawAddress, length: number): boolean {
    for (let index = 0; index < length; index++) {
      if (raw[index] !== this.decodedRaw[index]) return false
    }
    return length > 0
  }
}

// Of a family without addresses of ours (netlink …) nothing can be said.
const addressOf = (decoded: Uint8Array | readonly [ip: string, port: number] | undefined): SocketAddress => {
  if (decoded === undefined) return UnixAddress("")
  if (!(decoded instanceof Uint8Array)) return InetAddress(decoded[0], decoded[1])
  return UnixAddress(Buffer.from(decoded.buffer, decoded.byteOffset, decoded.length).toString())
}
