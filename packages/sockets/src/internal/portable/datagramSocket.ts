import * as Effect from "effect/Effect"
import * as dgram from "node:dgram"
import { InetAddress } from "../../SocketAddress.js"
import { AF } from "../../SocketConstants.js"
import { anyIp } from "./addresses.js"
import type { Datagram } from "./datagramQueue.js"

/** What only a socket that is not bound yet takes. */
export interface Creation {
  readonly reuseAddr: boolean
  readonly ipv6Only: boolean
}

/** Told of what happens to a socket. */
export interface Listener {
  readonly onDatagram: (datagram: Datagram) => void
  readonly onError: (cause: unknown) => void
}

// Every address is one by now. Node would look it up in another tick: what was closed or connected again until then never
// completes, or is refused (lib/dgram.js, `doConnect` and `doSend`). So a call takes effect at once, as the system's does.
const lookup: dgram.SocketOptions["lookup"] = (address, _options, callback) => callback(null, address, 0)

/** A socket of `node:dgram`, bound, whose calls are Effects. They fail with what Node reports. */
export class DatagramSocket {
  private isConnected = false

  private constructor(private readonly socket: dgram.Socket) {}

  /** Binds a new socket. Interrupted or failed it leaves none. */
  static bind(
    domain: number,
    local: InetAddress,
    creation: Creation,
    listener: Listener
  ): Effect.Effect<DatagramSocket, unknown> {
    return settled((resume) => {
      const socket = dgram.createSocket({ type: domain === AF.INET6 ? "udp6" : "udp4", lookup, ...creation })
      const refuse = (cause: unknown) => {
        socket.close()
        resume(Effect.fail(cause))
      }
      socket.once("error", refuse)
      // `exclusive`: not through the primary of node:cluster.
      socket.bind({ port: local.port, address: local.ip === "" ? anyIp(domain) : local.ip, exclusive: true }, () => {
        socket.off("error", refuse)
        socket.on("error", listener.onError)
        socket.on("message", (data, { address, port }) => {
          listener.onDatagram({ data, from: InetAddress(address, port) })
        })
        resume(Effect.succeed(new DatagramSocket(socket.unref())))
      })
      return Effect.sync(() => {
        socket.off("error", refuse).on("error", () => {})
        socket.close()
      })
    })
  }

  /** Another peer takes the place of the one before. */
  connect(peer: InetAddress): Effect.Effect<void, unknown> {
    return settled((resume) => {
      if (this.isConnected) this.socket.disconnect()
      this.socket.connect(peer.port, peer.ip, (cause?: unknown) => {
        if (cause !== undefined) resume(Effect.fail(cause))
        // Else it is the event of any connect that was at once with this one, which may have failed.
        else if (isConnected) resume(Effect.void)
      })
      const isConnected = (this.isConnected = hasPeer(this.socket))
    })
  }

  /** To the connected peer, or the one named. The bytes are lent until the system has them, interrupted or not. */
  send(data: Uint8Array, to: InetAddress | undefined): Effect.Effect<number, unknown> {
    return settled((resume) => {
      const done = (cause: Error | null, bytes: number) =>
        resume(cause === null ? Effect.succeed(bytes) : Effect.fail(cause))
      if (to === undefined) this.socket.send(data, done)
      else this.socket.send(data, to.port, to.ip, done)
    })
  }

  /** Bytes that wait to leave: the system's own buffer is full. */
  get pending(): number {
    return this.socket.getSendQueueSize()
  }

  get local(): InetAddress {
    const { address, port } = this.socket.address()
    return InetAddress(address, port)
  }

  get remote(): InetAddress | undefined {
    if (!this.isConnected) return undefined
    const { address, port } = this.socket.remoteAddress()
    return InetAddress(address, port)
  }

  /** Whether waiting for datagrams keeps the process alive. */
  hold(isHeld: boolean): void {
    if (isHeld) this.socket.ref()
    else this.socket.unref()
  }

  /** For its options: they throw what the system says. */
  get options(): dgram.Socket {
    return this.socket
  }

  close(): void {
    this.socket.close()
  }
}

const hasPeer = (socket: dgram.Socket): boolean => {
  try {
    return socket.remoteAddress().port > 0
  } catch {
    return false
  }
}

/** As `Effect.async`, where the beginning may throw what Node thinks of the arguments. */
const settled = <A>(
  begin: (resume: (result: Effect.Effect<A, unknown>) => void) => Effect.Effect<void> | void
): Effect.Effect<A, unknown> =>
  Effect.async((resume) => {
    try {
      return begin(resume)
    } catch (cause) {
      return resume(Effect.fail(cause))
    }
  })
