import { keepAliveSeconds } from "@ductworks/platform-node/SocketKit"
import type { SocketOptions } from "@ductworks/core/Transport"
import { IPPROTO, SO, SOL, TCP } from "../../SocketConstants.js"
import type { Binding, Handle } from "../binding.js"

const integers = (...values: ReadonlyArray<number>): Uint8Array => new Uint8Array(Int32Array.from(values).buffer)

/** An option that is an integer, or a negative errno. */
export const getInteger = (binding: Binding, handle: Handle, level: number, name: number): number => {
  const out = new Int32Array(1)
  const length = binding.getsockopt(handle, level, name, new Uint8Array(out.buffer))
  return length < 0 ? length : (out[0] ?? 0)
}

// libuv's: a probe every second, and gone after ten (src/unix/tcp.c, uv__tcp_keepalive).
const probeSeconds = 1
const probes = 10

/** Sets what a TCP connection has by default, or was asked for. A system that lacks an option goes without. */
export const tune = (binding: Binding, handle: Handle, options: SocketOptions): void => {
  const set = (level: number, name: number, value: number) => {
    if (name >= 0) binding.setsockopt(handle, level, name, integers(value))
  }
  set(IPPROTO.TCP, TCP.NODELAY, (options.noDelay ?? true) ? 1 : 0)
  const idle = keepAliveSeconds(options)
  set(SOL.SOCKET, SO.KEEPALIVE, idle === undefined ? 0 : 1)
  if (idle === undefined) return
  set(IPPROTO.TCP, TCP.KEEPIDLE >= 0 ? TCP.KEEPIDLE : TCP.KEEPALIVE, idle)
  set(IPPROTO.TCP, TCP.KEEPINTVL, probeSeconds)
  set(IPPROTO.TCP, TCP.KEEPCNT, probes)
}

/** How many bytes of a Unix socket the system keeps for the other end. Linux doubles what it is told (socket(7)). */
export const holdForReader = (binding: Binding, handle: Handle, bytes: number): number =>
  binding.setsockopt(handle, SOL.SOCKET, SO.SNDBUF, integers(Math.ceil(bytes / 2)))

/** A port whose last connections have just ended may be bound at once. */
export const reuseAddress = (binding: Binding, handle: Handle): number =>
  binding.setsockopt(handle, SOL.SOCKET, SO.REUSEADDR, integers(1))

/** Closing breaks the connection off: `struct linger { on, 0 seconds }`. */
export const resetOnClose = (binding: Binding, handle: Handle): number =>
  binding.setsockopt(handle, SOL.SOCKET, SO.LINGER, integers(1, 0))
