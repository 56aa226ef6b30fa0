import type { AcceptError } from "@ductworks/core/DuctError"
import type { NodeListener } from "@ductworks/platform-node/NodeDriver"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as net from "node:net"
import type { SocketAddress } from "../../SocketAddress.js"
import { fromDuct } from "./addresses.js"
import type { Watches } from "./watches.js"

/** The listening state of a stream socket. */
export class Listening {
  readonly local: SocketAddress
  private next: net.Socket | AcceptError | undefined

  constructor(
    private readonly listener: NodeListener,
    private readonly scope: Scope.CloseableScope,
    private readonly watches: Watches
  ) {
    this.local = fromDuct(listener.address)
    listener.server.unref()
    this.hearOfNext()
  }

  private hearOfNext(): void {
    this.listener.onArrival(() => {
      this.hearOfNext()
      this.watches.fire("read")
    })
  }

  /** A connection, which the caller then owns; or why there will be no more. */
  take(): net.Socket | AcceptError | undefined {
    const next = this.peek()
    if (next instanceof net.Socket) this.next = undefined
    return next
  }

  isReadable(): boolean {
    return this.peek() !== undefined
  }

  private peek(): net.Socket | AcceptError | undefined {
    this.next ??= this.listener.take()
    return this.next
  }

  /** Whether waiting for a connection keeps the process alive. */
  hold(isHeld: boolean): void {
    if (isHeld) this.listener.server.ref()
    else this.listener.server.unref()
  }

  get fileno(): number | undefined {
    return this.listener.fileno
  }

  close(): void {
    if (this.next instanceof net.Socket) this.next.destroy()
    Effect.runFork(Scope.close(this.scope, Exit.void))
  }
}
