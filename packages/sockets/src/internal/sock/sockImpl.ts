import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type AddressInput, fromInput } from "../../SocketAddress.js"
import type { File, RecvIntoOptions, Sock } from "../../Sock.js"
import type { ArgumentError } from "../../SocketError.js"
import { accept, acceptMany, acceptNow } from "./accept.js"
import { checkAddress } from "./address.js"
import { checkInt, checkNatural } from "./arguments.js"
import { connect } from "./connect.js"
import { membership, recvSegments, sendSegments } from "./datagrams.js"
import { recvFds, sendFds } from "./descriptors.js"
import { dup } from "./dup.js"
import { bytesFile, checkFile, linesFile, type Mode } from "./makefile.js"
import { recvmmsg, sendmmsg } from "./many.js"
import { getsockopt, setReuseAddr, setsockopt } from "./options.js"
import { waitForRead, waitForWrite } from "./ready.js"
import { recv, recvFirstOf, recvfrom, recvfromInto, recvInto } from "./receive.js"
import { readv, recvExact, recvExactInto } from "./receiveExact.js"
import { send, sendto, writev } from "./send.js"
import type { SockState } from "./state.js"
import { peerCredentials, tcpInfo } from "./told.js"

const usualBacklog = 128

/** The table of what a socket does; the files beside this one do it. */
export class SockImpl implements Sock {
  readonly domain: number
  readonly type: number

  constructor(private readonly state: SockState) {
    const { domain, type } = state.port
    this.domain = domain
    this.type = type
  }

  // Portable sockets get their descriptors late.
  get origFd() {
    return this.state.port.origFd
  }
  get fd() {
    return this.state.port.fileno()
  }
  get fileno() {
    return Effect.sync(() => this.fd)
  }
  get getFileno() {
    return this.fileno
  }

  // --- naming and connecting

  bind(input: AddressInput) {
    const address = fromInput(input)
    return checkAddress(this.domain, address, false) ?? this.state.port.bind(address)
  }
  connect(address: AddressInput) {
    return connect(this.state, address, true)
  }
  connectAddr(address: AddressInput, options?: { readonly resolve?: boolean }) {
    return connect(this.state, address, options?.resolve ?? false)
  }
  listen(backlog = usualBacklog) {
    return checkNatural("listen", "the backlog", backlog) ?? this.state.port.listen(backlog)
  }
  get accept() {
    return accept(this.state)
  }
  acceptMany(max = 0) {
    return acceptMany(this.state, max)
  }
  get acceptNow() {
    return acceptNow(this.state)
  }
  get getsockname() {
    return this.state.port.localAddress()
  }
  get getpeername() {
    return this.state.port.remoteAddress()
  }

  // --- options

  getsockopt(level: number, name: number): Effect.Effect<number, ArgumentError>
  getsockopt(level: number, name: number, bufferLength: 0): Effect.Effect<number, ArgumentError>
  getsockopt(level: number, name: number, bufferLength: number): Effect.Effect<Uint8Array, ArgumentError>
  getsockopt(level: number, name: number, bufferLength = 0) {
    return getsockopt(this.state, level, name, bufferLength)
  }
  setsockopt(level: number, name: number, value: number | Uint8Array) {
    return setsockopt(this.state, level, name, value)
  }
  get setReuseAddr() {
    return setReuseAddr(this.state)
  }

  // --- receiving

  recv(count: number, flags = 0) {
    return recv(this.state, count, flags)
  }
  read(count: number) {
    return recv(this.state, count, 0)
  }
  recvExact(count: number) {
    return recvExact(this.state, count)
  }
  recvInto(buffer: Uint8Array, options?: RecvIntoOptions) {
    return recvInto(this.state, buffer, options)
  }
  recvExactInto(buffer: Uint8Array) {
    return recvExactInto(this.state, buffer)
  }
  recvfrom(count: number, flags = 0) {
    return recvfrom(this.state, count, flags)
  }
  recvfromInto(buffer: Uint8Array, options?: RecvIntoOptions) {
    return recvfromInto(this.state, buffer, options)
  }
  recvmmsg(buffers: ReadonlyArray<Uint8Array>) {
    return recvmmsg(this.state, buffers)
  }
  readv(sizes: ReadonlyArray<number>) {
    return readv(this.state, sizes)
  }

  // --- sending

  send(data: Uint8Array, flags = 0) {
    return send(this.state, data, flags)
  }
  sendall(data: Uint8Array) {
    return send(this.state, data, 0)
  }
  write(data: Uint8Array) {
    return send(this.state, data, 0)
  }
  writev(pieces: ReadonlyArray<Uint8Array>) {
    return writev(this.state, pieces)
  }
  sendto(data: Uint8Array, address: AddressInput, flags = 0) {
    return sendto(this.state, data, address, flags)
  }
  sendmmsg(datagrams: ReadonlyArray<Uint8Array>, address?: AddressInput) {
    return sendmmsg(this.state, datagrams, address)
  }

  // --- readiness and ending

  get waitForRead() {
    return waitForRead(this.state)
  }
  get waitForWrite() {
    return waitForWrite(this.state)
  }
  shutdown(how: number) {
    return checkInt("shutdown", "how", how) ?? this.state.shutdown(how)
  }
  get close() {
    return this.state.close
  }
  get dup() {
    return dup(this.state)
  }
  makefile(
    mode?: "r" | "w" | "rw",
    bufferSize?: number
  ): Effect.Effect<File<string, string>, ArgumentError, Scope.Scope>
  makefile(
    mode: "rb" | "wb" | "rwb",
    bufferSize?: number
  ): Effect.Effect<File<Uint8Array, Uint8Array>, ArgumentError, Scope.Scope>
  makefile(
    mode: Mode = "r",
    bufferSize = -1
  ): Effect.Effect<File<string, string> | File<Uint8Array, Uint8Array>, ArgumentError, Scope.Scope> {
    const problem = checkFile(mode, bufferSize)
    if (problem !== undefined) return problem
    const isBytes = mode.endsWith("b")
    // Node cannot duplicate a descriptor: there the file is over the socket itself.
    const over = this.state.port.native === undefined ? Effect.succeed<Sock>(this) : this.dup
    return Effect.map(over, (sock) => {
      const receive = recvFirstOf(this.state, sock)
      return isBytes ? bytesFile(sock, receive, mode, bufferSize) : linesFile(sock, receive, mode, bufferSize)
    })
  }

  // --- what only some systems have

  sendFds(data: Uint8Array, fds: ReadonlyArray<number>) {
    return sendFds(this.state, data, fds)
  }
  recvFds(count: number, maxFds?: number) {
    return recvFds(this.state, count, maxFds)
  }
  get peerCredentials() {
    return peerCredentials(this.state)
  }
  joinGroup(group: string, interfaceName?: string) {
    return membership(this.state, true, group, interfaceName)
  }
  leaveGroup(group: string, interfaceName?: string) {
    return membership(this.state, false, group, interfaceName)
  }
  get tcpInfo() {
    return tcpInfo(this.state)
  }
  sendSegments(data: Uint8Array, segment: number, address?: AddressInput) {
    return sendSegments(this.state, data, segment, address)
  }
  recvSegments(buffer: Uint8Array) {
    return recvSegments(this.state, buffer)
  }
}
