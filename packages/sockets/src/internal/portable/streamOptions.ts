import * as Duration from "effect/Duration"
import type * as net from "node:net"
import { AF, IPPROTO, IPV6, SO, SOCK, SOL, TCP } from "../../SocketConstants.js"
import { failed } from "./failure.js"
import { readInt, writeInts } from "./integers.js"

/** The options of a stream socket, as far as `node:net` has them: kept here, and set on its socket once there is one. */
export class StreamOptions {
  noDelay = 0
  keepAlive = 0
  /** Seconds, as tcp(7) has it by default. */
  keepIdle = 7200
  ipv6Only = 0
  /** SO_LINGER's two integers. */
  linger = [0, 0]

  /** A copy, as accepted sockets have it from their listener. */
  inherited(): StreamOptions {
    return Object.assign(new StreamOptions(), this)
  }

  apply(socket: net.Socket): void {
    socket.setNoDelay(this.noDelay !== 0)
    socket.setKeepAlive(this.keepAlive !== 0, this.keepIdle * 1000)
  }

  /** How long close lets bytes leave; `undefined`: as the system sees fit. */
  lingering(): Duration.Duration | undefined {
    const [isOn = 0, seconds = 0] = this.linger
    return isOn === 0 ? undefined : Duration.seconds(seconds)
  }

  get(domain: number, level: number, name: number, out: Uint8Array): number {
    const value = this.read(domain, level, name)
    return value === undefined ? failed("EOPNOTSUPP") : writeInts(out, value)
  }

  private read(domain: number, level: number, name: number): ReadonlyArray<number> | undefined {
    if (level === SOL.SOCKET && name === SO.TYPE) return [SOCK.STREAM]
    if (level === SOL.SOCKET && name === SO.LINGER) return this.linger
    // libuv sets it on every socket that listens or is bound.
    if (level === SOL.SOCKET && name === SO.REUSEADDR) return [1]
    const option = settable(domain, level, name)
    return option === undefined ? undefined : [this[option]]
  }

  /** @param isOpen whether there is a socket of the system: too late for what only a new one takes */
  set(domain: number, level: number, name: number, value: Uint8Array, isOpen: boolean): number {
    const integer = readInt(value)
    if (integer === undefined) return failed("EINVAL")
    if (level === SOL.SOCKET && name === SO.LINGER) return this.setLinger(integer, readInt(value, 1))
    if (level === SOL.SOCKET && name === SO.REUSEADDR) return integer === 0 ? failed("EOPNOTSUPP") : 0
    const option = settable(domain, level, name)
    if (option === undefined) return failed("EOPNOTSUPP")
    if (option === "ipv6Only" && isOpen) return failed("EINVAL")
    if (option === "keepIdle") {
      // tcp(7): "The maximum is 32767."
      if (integer < 1 || integer > 32767) return failed("EINVAL")
      this.keepIdle = integer
    } else this[option] = integer === 0 ? 0 : 1
    return 0
  }

  private setLinger(isOn: number, seconds: number | undefined): number {
    if (seconds === undefined || seconds < 0) return failed("EINVAL")
    this.linger = [isOn === 0 ? 0 : 1, seconds]
    return 0
  }
}

const settable = (
  domain: number,
  level: number,
  name: number
): "noDelay" | "keepAlive" | "keepIdle" | "ipv6Only" | undefined => {
  if (level === SOL.SOCKET && name === SO.KEEPALIVE) return "keepAlive"
  if (level === IPPROTO.IPV6 && name === IPV6.V6ONLY && domain === AF.INET6) return "ipv6Only"
  if (domain === AF.UNIX) return undefined
  if (level === IPPROTO.TCP && name === TCP.NODELAY) return "noDelay"
  if (level === IPPROTO.TCP && name === TCP.KEEPIDLE) return "keepIdle"
  return undefined
}
