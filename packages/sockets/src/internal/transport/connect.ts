import { format, type TcpAddress, type UnixAddress } from "@ductworks/core/Address"
import { type ConnectFailed, InvalidAddress } from "@ductworks/core/DuctError"
import { connectedToItself, connectFailed } from "@ductworks/platform-node/SocketKit"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { InetAddress, type SocketAddress } from "../../SocketAddress.js"
import { AF, SO, SOCK, SOL } from "../../SocketConstants.js"
import type { Handle } from "../binding.js"
import { fault, isInProgress } from "../errno.js"
import { NativeHandle } from "../nativeHandle.js"
import { domainOf, resolve } from "./resolve.js"
import { getInteger } from "./socketOptions.js"
import type { System } from "./system.js"

/** The socket of an attempt to connect: the last one that was opened. Whoever began the attempt closes it. */
export class Attempt {
  polled: NativeHandle | undefined

  constructor(readonly system: System) {}

  /** Begins to connect a new socket. What the last one had is gone. */
  begin(domain: number, target: SocketAddress, address: UnixAddress | TcpAddress): Begun {
    this.close()
    const { addresses, binding } = this.system
    const length = addresses.encode(domain, target)
    if (typeof length !== "number") return new InvalidAddress({ address: format(address), problem: length.problem })
    const handle = binding.socket(domain, SOCK.STREAM, 0)
    if (handle < 0) return connectFailed(address, fault("socket", handle))
    this.polled = new NativeHandle(binding, handle)
    const result = binding.connect(handle, addresses.to, length)
    return result === 0 || isInProgress(result) ? this.polled : connectFailed(address, fault("connect", result))
  }

  close(): void {
    this.polled?.close()
    this.polled = undefined
  }
}

type Failure = ConnectFailed | InvalidAddress

type Begun = NativeHandle | Failure

/** A Unix socket connects at once or not at all. */
export const connectUnix = (attempt: Attempt, address: UnixAddress): Effect.Effect<NativeHandle, Failure> =>
  Effect.suspend(() => outcome(attempt.begin(AF.UNIX, address, address)))

/** Connects to the first address of the name that lets it, in their order. */
export const connectTcp = (attempt: Attempt, address: TcpAddress): Effect.Effect<NativeHandle, Failure> => {
  const tryFrom = (ips: ReadonlyArray<string>, index: number): Effect.Effect<NativeHandle, Failure> => {
    const connected = connectIp(attempt, address, ips[index] ?? "")
    return index + 1 < ips.length ? Effect.catchAll(connected, () => tryFrom(ips, index + 1)) : connected
  }
  const ips = Effect.mapError(resolve(address.hostname), (cause) => connectFailed(address, cause))
  return Effect.flatMap(ips, (ips) => tryFrom(ips, 0))
}

const connectIp = (attempt: Attempt, address: TcpAddress, ip: string): Effect.Effect<NativeHandle, Failure> =>
  Effect.suspend(() => {
    const begun = attempt.begin(domainOf(ip), InetAddress(ip, address.port), address)
    if (!(begun instanceof NativeHandle)) return Effect.fail(begun)
    return Effect.flatMap(writable(begun), () => outcome(connected(attempt.system, begun, address)))
  })

const outcome = (begun: Begun): Effect.Effect<NativeHandle, Failure> =>
  begun instanceof NativeHandle ? Effect.succeed(begun) : Effect.fail(begun)

const connected = (system: System, polled: NativeHandle, address: TcpAddress): Begun => {
  const error = getInteger(system.binding, polled.handle, SOL.SOCKET, SO.ERROR)
  if (error !== 0) return connectFailed(address, fault("connect", -Math.abs(error)))
  return isOwnPeer(system, polled.handle) ? connectedToItself(address) : polled
}

const writable = (polled: NativeHandle): Effect.Effect<void> =>
  Effect.async((resume) => {
    const wake = () => resume(Exit.void)
    // What cannot be waited for is seen by who looks.
    if (polled.watch("write", wake) < 0) return wake()
    return Effect.sync(() => polled.watch("write", undefined))
  })

const isOwnPeer = ({ addresses, binding }: System, handle: Handle): boolean => {
  const local = addresses.decode(Math.max(0, binding.getsockname(handle, addresses.from)))
  const remote = addresses.decode(Math.max(0, binding.getpeername(handle, addresses.from)))
  return (
    local._tag === "InetAddress" &&
    remote._tag === "InetAddress" &&
    local.port === remote.port &&
    local.ip === remote.ip
  )
}
