import type { InvalidAddress } from "@ductworks/core/DuctError"
import * as Effect from "effect/Effect"
import { format, type SocketAddress } from "../SocketAddress.js"
import { AF, MSG, SOCK } from "../SocketConstants.js"
import { SocketClosed, type SocketFault } from "../SocketError.js"
import { type Binding, expectAnswer, giveWay, type Handle } from "./binding.js"
import { badDescriptor, fault, noDevice } from "./errno.js"
import { Addresses } from "./nativeAddress.js"
import { NativeDatagrams } from "./nativeDatagrams.js"
import { NativeHandle } from "./nativeHandle.js"
import type { Direction, Hope, NativePort, Origin, Port } from "./port.js"

/** What all native sockets of one layer share. */
export interface NativeSystem {
  readonly binding: Binding
  readonly addresses: Addresses
  /** How long a receive or a send spins before it says that it would have to wait, in microseconds. */
  readonly spin: number
  /** Its memory is made when it is first needed. */
  readonly datagrams: () => NativeDatagrams
}

/** @param spin microseconds */
export const nativeSystem = (binding: Binding, spin: number): NativeSystem => {
  const addresses = new Addresses(binding)
  let datagrams: NativeDatagrams | undefined
  return { binding, addresses, spin, datagrams: () => (datagrams ??= new NativeDatagrams(binding, addresses)) }
}

type Failure = SocketFault | SocketClosed

/** A socket, or another descriptor that can be polled, over the addon. */
export class BindingPort implements Port, NativePort {
  readonly native = this
  readonly origFd: number
  private readonly handle: Handle
  private readonly polled: NativeHandle
  private fd: number

  constructor(
    private readonly system: NativeSystem,
    handle: Handle,
    readonly domain: number,
    readonly type: number
  ) {
    this.handle = handle
    this.polled = new NativeHandle(system.binding, handle)
    this.fd = this.origFd = system.binding.fileno(handle)
  }

  fileno(): number {
    return this.fd
  }

  watch(direction: Direction, wake: (() => void) | undefined): number {
    return this.fd < 0 ? badDescriptor : this.polled.watch(direction, wake)
  }

  close(): void {
    if (this.fd < 0) return
    this.fd = -1
    this.polled.close()
  }

  // --- naming

  bind(address: SocketAddress): Effect.Effect<void, Failure | InvalidAddress> {
    return this.step("bind", () => this.named(address, this.system.binding.bind), address)
  }

  connect(address: SocketAddress): number | InvalidAddress {
    return this.named(address, this.system.binding.connect)
  }

  private named(
    address: SocketAddress,
    call: (handle: Handle, address: Uint8Array, length: number) => number
  ): number | InvalidAddress {
    const { addresses } = this.system
    const length = addresses.encode(this.domain, address)
    return typeof length === "number" ? call(this.handle, addresses.to, length) : length
  }

  listen(backlog: number): Effect.Effect<void, Failure> {
    return this.step("listen", () => this.system.binding.listen(this.handle, backlog))
  }

  shutdown(how: number): Effect.Effect<void, Failure> {
    return this.step("shutdown", () => this.system.binding.shutdown(this.handle, how))
  }

  localAddress(): Effect.Effect<SocketAddress, Failure> {
    return this.address("getsockname", this.system.binding.getsockname)
  }

  remoteAddress(): Effect.Effect<SocketAddress, Failure> {
    return this.address("getpeername", this.system.binding.getpeername)
  }

  private address(
    operation: string,
    call: (handle: Handle, out: Uint8Array) => number
  ): Effect.Effect<SocketAddress, Failure> {
    const { addresses } = this.system
    const told = this.step(operation, () => call(this.handle, addresses.from))
    return Effect.map(told, (length) => addresses.decode(length))
  }

  private step<E = never>(
    operation: string,
    call: () => number | Effect.Effect<never, E>,
    address?: SocketAddress
  ): Effect.Effect<number, Failure | E> {
    return Effect.suspend((): Effect.Effect<number, Failure | E> => {
      const result = call()
      if (typeof result !== "number") return result
      if (result >= 0) return Effect.succeed(result)
      if (this.fd < 0) return new SocketClosed({ operation })
      return fault(operation, result, address === undefined ? undefined : format(address))
    })
  }

  accept(): Port | number {
    const handle = this.system.binding.accept(this.handle, this.system.addresses.from)
    return handle < 0 ? handle : new BindingPort(this.system, handle, this.domain, this.type)
  }

  dup(): Port | number {
    const handle = this.system.binding.dup(this.handle)
    return handle < 0 ? handle : new BindingPort(this.system, handle, this.domain, this.type)
  }

  // --- bytes

  recv(into: Uint8Array, offset: number, length: number, flags: number, hope?: Hope): number {
    return this.system.binding.recv(this.handle, into, offset, length, flags, this.patience(flags, hope))
  }

  // The other end of an IP socket is mostly on another machine.
  private patience(flags: number, hope: Hope | undefined): number {
    if ((flags & MSG.DONTWAIT) !== 0) return 0
    if (hope === undefined || !this.gives) return this.system.spin
    return hope === "more" ? giveWay : expectAnswer
  }

  private get gives(): boolean {
    return this.system.spin === 0 && this.domain === AF.UNIX
  }

  recvfrom(into: Uint8Array, offset: number, length: number, flags: number): number {
    return this.system.binding.recvfrom(this.handle, into, offset, length, flags, this.system.addresses.from)
  }

  sender(): SocketAddress {
    return this.system.addresses.decode(this.system.binding.results[0])
  }

  send(from: Uint8Array, offset: number, length: number, flags: number, mayGiveWay = false): number {
    const patience = this.patience(flags, mayGiveWay ? "more" : undefined)
    return this.system.binding.send(this.handle, from, offset, length, flags, patience)
  }

  sendv(pieces: ReadonlyArray<Uint8Array>, first: number, offset: number): number {
    return this.system.binding.sendv(this.handle, pieces, first, offset, this.gives ? giveWay : 0)
  }

  sendto(data: Uint8Array, flags: number, address: SocketAddress | undefined): number | InvalidAddress {
    const { addresses, binding } = this.system
    if (address === undefined) return this.send(data, 0, data.length, flags)
    const length = addresses.encode(this.domain, address)
    if (typeof length !== "number") return length
    return binding.sendto(this.handle, data, 0, data.length, flags, addresses.to, length)
  }

  sendmmsg(
    datagrams: ReadonlyArray<Uint8Array>,
    first: number,
    address: SocketAddress | undefined
  ): number | InvalidAddress {
    const { addresses, binding } = this.system
    const length = address === undefined ? 0 : addresses.encode(this.domain, address)
    if (typeof length !== "number") return length
    return binding.sendmmsg(this.handle, datagrams, first, addresses.to, length)
  }

  recvmmsg(buffers: ReadonlyArray<Uint8Array>, received: Array<Origin>): number {
    return this.system.datagrams().receive(this.handle, this.type === SOCK.SEQPACKET, buffers, received)
  }

  sendmsg(
    data: Uint8Array,
    flags: number,
    address: SocketAddress | undefined,
    fds: Int32Array,
    segment: number
  ): number | InvalidAddress {
    const { addresses, binding } = this.system
    const length = address === undefined ? 0 : addresses.encode(this.domain, address)
    if (typeof length !== "number") return length
    return binding.sendmsg(this.handle, data, 0, data.length, flags, addresses.to, length, fds, segment)
  }

  recvmsg(into: Uint8Array, flags: number, fds: Int32Array): number {
    return this.system.binding.recvmsg(this.handle, into, 0, into.length, flags, this.system.addresses.from, fds)
  }

  received() {
    const [, flags, segment, descriptors] = this.system.binding.results
    return { flags: flags ?? 0, segment: segment ?? 0, descriptors: descriptors ?? 0 }
  }

  // --- options

  getsockopt(level: number, name: number, out: Uint8Array): number {
    return this.system.binding.getsockopt(this.handle, level, name, out)
  }

  setsockopt(level: number, name: number, value: Uint8Array): number {
    return this.system.binding.setsockopt(this.handle, level, name, value)
  }

  readable(): number {
    return this.system.binding.readable(this.handle)
  }

  writable(): number {
    return this.system.binding.writable(this.handle)
  }

  peerCredentials(out: Int32Array): number {
    return this.system.binding.peerCredentials(this.handle, out)
  }

  membership(
    join: boolean,
    group: SocketAddress,
    interfaceName: string | undefined
  ): Effect.Effect<void, Failure | InvalidAddress> {
    const { addresses, binding } = this.system
    const change = () => {
      const index = interfaceName === undefined ? 0 : binding.interfaceIndex(interfaceName)
      if (index < 0 || (index === 0 && interfaceName !== undefined)) return noDevice
      const length = addresses.encode(this.domain, group)
      return typeof length === "number" ? binding.membership(this.handle, join, addresses.to, length, index) : length
    }
    return this.step(join ? "joinGroup" : "leaveGroup", change, group)
  }
}
