import { keepAliveSeconds } from "@ductworks/platform-node/SocketKit"
import type { SocketOptions } from "@ductworks/core/Transport"
import { IPPROTO, SO, SOL, TCP } from "../../SocketConstants.js"
import type { Binding, Handle } from "../binding.js"

// What goes to the addon and comes from it is copied within the call, so one room does for the thread: N-API would give
// every new array memory outside of V8's heap.
const integers = new Int32Array(2)
const both = new Uint8Array(integers.buffer)
const one = both.subarray(0, 4)

const setInteger = (binding: Binding, handle: Handle, level: number, name: number, value: number): number => {
  integers[0] = value
  return binding.setsockopt(handle, level, name, one)
}

/** An option that is an integer, or a negative errno. */
export const getInteger = (binding: Binding, handle: Handle, level: number, name: number): number => {
  integers[0] = 0
  const length = binding.getsockopt(handle, level, name, one)
  return length < 0 ? length : (integers[0] ?? 0)
}

// libuv's: a probe every second, and gone after ten (src/unix/tcp.c, uv__tcp_keepalive).
const probeSeconds = 1
const probes = 10

/** Sets what a TCP connection has by default, or was asked for. A system that lacks an option goes without. */
export const tune = (binding: Binding, handle: Handle, options: SocketOptions): void => {
  const set = (level: number, name: number, value: number) => {
    if (name >= 0) setInteger(binding, handle, level, name, value)
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
  setInteger(binding, handle, SOL.SOCKET, SO.SNDBUF, Math.ceil(bytes / 2))

/** A port whose last connections have just ended may be bound at once. */
export const reuseAddress = (binding: Binding, handle: Handle): number =>
  setInteger(binding, handle, SOL.SOCKET, SO.REUSEADDR, 1)

/** Closing breaks the connection off: `struct linger { on, 0 seconds }`. */
export const resetOnClose = (binding: Binding, handle: Handle): number => {
  integers.set([1, 0])
  return binding.setsockopt(handle, SOL.SOCKET, SO.LINGER, both)
}
