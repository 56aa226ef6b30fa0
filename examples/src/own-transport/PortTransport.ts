/** Ducts over `MessagePort`, as between a thread and its workers. */
import { Address, Connection, DuctError, Transport } from "@ductworks/core"
import { Effect, Layer, Option, type Scope } from "effect"
import { MessageChannel, type MessagePort } from "node:worker_threads"
import { PortDriver } from "./portDriver.js"

/** A connection over a port, which the scope owns from here on. */
export const connection = (
  port: MessagePort,
  options: Transport.SocketOptions = {}
): Effect.Effect<Connection.Connection, never, Scope.Scope> =>
  Connection.make(new PortDriver(port, options.readAhead ?? 64 * 1024), {
    localAddress: Address.MemoryAddress("port"),
    remoteAddress: Address.MemoryAddress("port"),
    fileno: Option.none(),
    linger: options.linger ?? "3 seconds",
    highWaterMark: options.highWaterMark
  })

const unsupported = (operation: string) =>
  new DuctError.Unsupported({ operation, problem: "ports come in pairs; hand one to the other thread" })

/** Only pairs: there is nothing that a port could listen at. */
export const layer: Layer.Layer<Transport.Transport> = Layer.succeed(Transport.Transport, {
  connect: () => Effect.fail(unsupported("connect")),
  listen: () => Effect.fail(unsupported("listen")),
  pair: (options) =>
    Effect.suspend(() => {
      const { port1, port2 } = new MessageChannel()
      return Effect.all([connection(port1, options), connection(port2, options)])
    })
})
