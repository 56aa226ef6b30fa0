import * as Effect from "effect/Effect"
import type * as dgram from "node:dgram"
import { format, InetAddress, type SocketAddress } from "../../SocketAddress.js"
import { SocketClosed, type SocketFault } from "../../SocketError.js"
import { anyIp } from "./addresses.js"
import { DatagramOptions } from "./datagramOptions.js"
import { DatagramSocket, type Listener } from "./datagramSocket.js"
import { failed, faultOf } from "./failure.js"
import { fault } from "../errno.js"
import { type Membership, Memberships } from "./memberships.js"
import { unlessClosed } from "./steps.js"

type Failure = SocketFault | SocketClosed

/**
 * From a new datagram socket to a bound one to a closed one. Until it is bound, options and groups are only noted: Node
 * has no socket of the system before.
 */
export class DatagramLife {
  private state: DatagramSocket | "new" | "closed" = "new"
  private readonly turn = Effect.unsafeMakeSemaphore(1)
  private readonly options: DatagramOptions
  private readonly groups: Memberships

  constructor(
    private readonly domain: number,
    private readonly listener: Listener,
    /** Whether somebody waits to read. */
    private readonly isHeld: () => boolean
  ) {
    this.options = new DatagramOptions(domain)
    this.groups = new Memberships(domain)
  }

  readonly isClosed = (): boolean => this.state === "closed"

  /** The bound socket. */
  get socket(): DatagramSocket | undefined {
    return this.state instanceof DatagramSocket ? this.state : undefined
  }

  bind(local: InetAddress): Effect.Effect<void, Failure> {
    const step = () =>
      this.state === "new" ? this.open("bind", local) : fault("bind", failed("EINVAL"), format(local))
    return this.turn.withPermits(1)(Effect.asVoid(unlessClosed("bind", this.isClosed, step)))
  }

  /** The bound socket; binds it to any port first if it is new. One fiber binds, the others wait for it. */
  ready(operation: string): Effect.Effect<DatagramSocket, Failure> {
    const step = () =>
      this.state instanceof DatagramSocket
        ? Effect.succeed(this.state)
        : this.open(operation, InetAddress(anyIp(this.domain), 0))
    const now = unlessClosed(operation, this.isClosed, step)
    return Effect.suspend(() => (this.state === "new" ? this.turn.withPermits(1)(now) : now))
  }

  private open(operation: string, local: InetAddress): Effect.Effect<DatagramSocket, Failure> {
    const opened = DatagramSocket.bind(this.domain, local, this.options.creation, this.listener)
    return Effect.uninterruptibleMask((restore) =>
      restore(opened).pipe(
        Effect.tap((socket) => Effect.try({ try: () => this.adopt(socket), catch: (cause) => cause })),
        Effect.mapError((cause) => this.failure(operation, cause, local))
      )
    )
  }

  private adopt(socket: DatagramSocket): void {
    try {
      if (this.state === "closed") throw new SocketClosed({ operation: "bind" })
      this.options.apply(socket.options)
      this.groups.apply(socket.options)
    } catch (cause) {
      socket.close()
      throw cause
    }
    this.state = socket
    socket.hold(this.isHeld())
  }

  getsockopt(level: number, name: number, out: Uint8Array): number {
    return this.isClosed() ? failed("EBADF") : this.options.get(this.target, level, name, out)
  }

  setsockopt(level: number, name: number, value: Uint8Array): number {
    return this.isClosed() ? failed("EBADF") : this.options.set(this.target, level, name, value)
  }

  membership(operation: string, isJoin: boolean, membership: Membership): Effect.Effect<void, Failure> {
    return unlessClosed(operation, this.isClosed, () =>
      Effect.try({
        try: () => this.groups.change(this.target, isJoin, membership),
        catch: (cause) => faultOf(operation, cause, membership.group)
      })
    )
  }

  private get target(): dgram.Socket | undefined {
    return this.socket?.options
  }

  /** What an error of Node comes to. */
  failure(operation: string, cause: unknown, address?: SocketAddress): Failure {
    if (this.isClosed()) return new SocketClosed({ operation })
    return faultOf(operation, cause, address === undefined ? undefined : format(address))
  }

  close(): void {
    this.socket?.close()
    this.state = "closed"
  }
}
