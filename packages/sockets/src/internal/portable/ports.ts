import { networkInterfaces } from "node:os"
import { AF, IPPROTO, SOCK } from "../../SocketConstants.js"
import type { Port, Ports } from "../port.js"
import { DatagramPort } from "./datagramPort.js"
import { failed } from "./failure.js"
import { StreamPort } from "./streamPort.js"

// socket(2) takes them in the type; portable sockets are both anyway.
const always = Math.max(0, SOCK.NONBLOCK) | Math.max(0, SOCK.CLOEXEC)

const open = (domain: number, type: number, protocol: number): Port | number => {
  if (domain === AF.INET6 && !isIpv6Here()) return failed("EAFNOSUPPORT")
  const isInet = domain === AF.INET || domain === AF.INET6
  switch (type & ~always) {
    case SOCK.STREAM:
      if (isInet && (protocol === 0 || protocol === IPPROTO.TCP)) return new StreamPort(domain)
      return domain === AF.UNIX && protocol === 0 ? new StreamPort(domain) : failed("EOPNOTSUPP")
    case SOCK.DGRAM:
      return isInet && (protocol === 0 || protocol === IPPROTO.UDP) ? new DatagramPort(domain) : failed("EOPNOTSUPP")
    default:
      return failed("EOPNOTSUPP")
  }
}

// Node makes the system's socket only later, too late to say that there is no such family.
const isIpv6Here = (): boolean =>
  Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === "IPv6"))

const notSupported = () => failed("EOPNOTSUPP")

/** The sockets of `node:net` and `node:dgram`: TCP, UDP and Unix streams. */
export const portablePorts: Ports = {
  isNative: false,
  open,
  adopt: notSupported,
  pair: notSupported,
  closeFd: () => {}
}
