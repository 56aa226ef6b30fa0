/**
 * A connected socket of `node:net`, reduced to what the driver needs. Two kinds: {@link DuctSocket}, which every
 * connection normally is, and {@link plainEndpoint} for a socket whose handle cannot be had.
 */
import { wakes } from "@ductworks/core/Wakes"
import * as Predicate from "effect/Predicate"
import * as net from "node:net"
import { receiveBuffer } from "./receiveBuffer.js"

export type Done = (error?: Error | null) => void

/** Whom an endpoint tells what comes from the other end. */
export interface Recipient {
  /** Bytes are here, lent until {@link keep}. */
  receive(bytes: Uint8Array): void
  /** Copies what nobody took. */
  keep(): void
  /** Whether more may come for now. */
  readonly isReading: boolean
  ended(): void
  broken(cause: unknown): void
  closed(): void
}

export interface Endpoint {
  readonly socket: net.Socket
  /** Hands the pieces to the system; `done` may be called before this returns. One send at a time. */
  readonly send: (pieces: ReadonlyArray<Uint8Array>, done: Done) => void
  /** Half-close, when nothing is being sent. */
  readonly shutdown: (done: Done) => void
  /** Reads until `receive` returns false; then again when called again. */
  readonly startReading: () => void
}

/** What `net.Socket` takes besides what @types/node says (Node 20 to 26). */
interface SocketOptions extends net.SocketConstructorOpts {
  /** Documented for `new net.Socket`. */
  readonly onread: net.OnReadOpts
  /** An open handle of another socket. */
  readonly handle?: unknown
  /** Do not read before `read(0)`. */
  readonly manualStart?: boolean
}

export type Source = { readonly handle: unknown } | { readonly fd: number } | undefined

// The encoding of a Buffer is the special value "buffer" (Node's documentation of `writable._write`), which
// @types/node's BufferEncoding does not have.
interface RawWritable {
  _write(chunk: Uint8Array, encoding: string, callback: Done): void
  _writev?(chunks: Array<{ chunk: Uint8Array; encoding: string }>, callback: Done): void
  _final(callback: Done): void
}

/**
 * A socket that leaves the queue of `stream.Writable` out: it calls its own `_write`, `_writev` and `_final`. So a send
 * reaches write(2) at once and completes within the call when the kernel has room, and an error of a send does not
 * destroy the socket: what the other end sent before it closed can still be read. (A plain socket that runs into EPIPE
 * drops everything that it received, 100,000 of 100,000 bytes on Node 20.)
 */
export class DuctSocket extends net.Socket implements Endpoint {
  constructor(
    source: Source,
    readAhead: number,
    readonly recipient: Recipient
  ) {
    const options: SocketOptions = {
      ...source,
      allowHalfOpen: true,
      manualStart: true,
      onread: { buffer: receiveBuffer(readAhead), callback: onRead }
    }
    super(options)
    // The same functions for all sockets: an emitter calls a listener on itself.
    this.on("end", onEnd).on("error", onError).on("close", onClose)
  }

  get socket(): net.Socket {
    return this
  }

  send(pieces: ReadonlyArray<Uint8Array>, done: Done): void {
    const raw: RawWritable = this
    const [first] = pieces
    if (pieces.length === 1 && first !== undefined) return raw._write(first, "buffer", done)
    if (!raw._writev) return raw._write(Buffer.concat(pieces), "buffer", done)
    const entries = pieces.map((chunk) => ({ chunk, encoding: "buffer" }))
    raw._writev(Object.assign(entries, { allBuffers: true }), done)
  }

  shutdown(done: Done): void {
    const raw: RawWritable = this
    raw._final(done)
  }

  startReading(): void {
    this.read(0)
  }
}

/** It is called on the socket, too (Node 20 to 26: `onStreamRead` in lib/internal/stream_base_commons.js). */
function onRead(this: DuctSocket, length: number, buffer: Uint8Array): boolean {
  const { recipient } = this
  try {
    deliver(recipient, length === buffer.length ? buffer : buffer.subarray(0, length))
  } finally {
    // Also when who observes a fiber throws: the buffer is read into again.
    recipient.keep()
  }
  // Asked afterwards: a fiber that was woken may have begun to read again.
  return recipient.isReading
}

function onEnd(this: DuctSocket): void {
  this.recipient.ended()
}

function onError(this: DuctSocket, cause: unknown): void {
  this.recipient.broken(cause)
}

function onClose(this: DuctSocket): void {
  this.recipient.closed()
}

const deliver = wakes.within((recipient: Recipient, bytes: Uint8Array) => recipient.receive(bytes))

interface Handle {
  readonly close: () => void
  readonly readStop: () => unknown
  reading: boolean
}

const isHandle = (u: unknown): u is Handle =>
  Predicate.hasProperty(u, "close") &&
  Predicate.hasProperty(u, "readStop") &&
  Predicate.isFunction(u.close) &&
  Predicate.isFunction(u.readStop)

/**
 * Takes the handle out of a socket that nothing was read from yet, for a new socket around it. The old one closes
 * without touching the descriptor, so that who counts on its 'close' (a server, a child process) hears of it.
 */
export const takeHandle = (socket: net.Socket): unknown => {
  const handle = Predicate.hasProperty(socket, "_handle") ? socket._handle : undefined
  if (!isHandle(handle)) return undefined
  handle.readStop()
  handle.reading = false
  Reflect.set(socket, "_handle", null)
  socket.destroy()
  return handle
}

/**
 * The documented interface only: 'readable' and `write`. Slower, and the socket destroys itself when a send fails.
 */
export const plainEndpoint = (socket: net.Socket, recipient: Recipient): Endpoint => {
  socket
    .on("end", () => recipient.ended())
    .on("error", (cause) => recipient.broken(cause))
    .on("close", () => recipient.closed())
  let isWanted = false
  const read = () => {
    while (isWanted) {
      const chunk: unknown = socket.read()
      if (!Predicate.isUint8Array(chunk)) return
      recipient.receive(chunk)
      recipient.keep()
      isWanted = recipient.isReading
    }
  }
  return {
    socket,
    send: (pieces, done) => socket.write(Buffer.concat(pieces), done),
    shutdown: (done) => socket.end(() => done()),
    startReading: () => {
      isWanted = true
      if (socket.listenerCount("readable") === 0) socket.on("readable", read)
      // Not at once: the caller is looking at what is here already, and this would add to it.
      else queueMicrotask(read)
    }
  }
}

/** The descriptor, where the platform has one. */
export const descriptorOf = (socket: net.Socket | net.Server): number | undefined => {
  const handle = Predicate.hasProperty(socket, "_handle") ? socket._handle : undefined
  return Predicate.hasProperty(handle, "fd") && Predicate.isNumber(handle.fd) && handle.fd >= 0 ? handle.fd : undefined
}

/** TCP handles can be asked for their address; Unix ones cannot. (A socket that is asked itself keeps what it was told.) */
export const isTcp = (socket: net.Socket): boolean =>
  Predicate.hasProperty(socket, "_handle") && Predicate.hasProperty(socket._handle, "getsockname")
