import { endianness } from "node:os"
import { AF, SO, SOCK, SOL } from "../SocketConstants.js"
import type { Handle } from "./binding.js"
import { BindingPort, type NativeSystem } from "./nativePort.js"
import type { Port, Ports } from "./port.js"

/** Ports over the addon. */
export const nativePorts = (system: NativeSystem): Ports => {
  const { binding } = system
  return {
    isNative: true,
    open: (domain, type, protocol) => {
      const handle = binding.socket(domain, type, protocol)
      return handle < 0 ? handle : made(system, handle, domain, type)
    },
    adopt: (fd, domain, type) => {
      const handle = binding.adopt(fd)
      return handle < 0 ? handle : adopted(system, handle, domain, type)
    },
    pair: (domain, type, protocol) => {
      const out = new Int32Array(2)
      const result = binding.socketpair(domain, type, protocol, out)
      const [one = 0, two = 0] = out
      if (result < 0) return result
      return [made(system, one, domain, type), made(system, two, domain, type)]
    },
    closeFd: (fd) => {
      binding.closeFd(fd)
    }
  }
}

// Linux makes a raw socket of AF_UNIX one of datagrams (net/unix/af_unix.c, `unix_create`); any other is what was asked for.
const made = (system: NativeSystem, handle: Handle, domain: number, type: number): Port =>
  type === SOCK.RAW ? adopted(system, handle, domain, type) : new BindingPort(system, handle, domain, type)

// What the system says counts: a datagram socket that was read as a stream would lose bytes unseen. What is no socket has
// neither domain nor type.
const adopted = (system: NativeSystem, handle: Handle, domain?: number, type?: number): Port => {
  const told = (name: number): number | undefined => {
    const bytes = new Uint8Array(4)
    const length = name < 0 ? -1 : system.binding.getsockopt(handle, SOL.SOCKET, name, bytes)
    return length < 0 ? undefined : new DataView(bytes.buffer).getInt32(0, endianness() === "LE")
  }
  return new BindingPort(system, handle, told(SO.DOMAIN) ?? domain ?? AF.UNSPEC, told(SO.TYPE) ?? type ?? 0)
}
