import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Connection } from "../Connection.js"
import { type ConnectError, NotConnected } from "../DuctError.js"
import type * as RawDuct from "../RawDuct.js"
import { type PairOptions, type SocketOptions, Transport } from "../Transport.js"
import * as constants from "./constants.js"
import { shutDown } from "./held.js"
import { Life } from "./life.js"
import { RawEnd } from "./rawEnd.js"

interface TimeoutOption {
  readonly timeout?: Duration.DurationInput
}

const lingerOf = (options: SocketOptions): Duration.DurationInput => options.linger ?? constants.linger

const operations = (end: RawEnd) => ({
  timeout: end.timeout,
  line: end.line,
  localAddress: end.localAddress,
  remoteAddress: end.remoteAddress,
  fileno: end.fileno,
  send: end.send,
  sendAll: end.sendAll,
  writev: end.writev,
  write: end.write,
  flush: end.flush,
  recv: end.recv,
  recvInto: end.recvInto,
  recvExact: end.recvExact,
  readv: end.readv,
  pull: end.pull,
  endWrite: end.endWrite,
  stream: end.stream,
  sink: end.sink
})

/** A duct's life in the current scope. */
const live = (options: SocketOptions & TimeoutOption) =>
  Effect.acquireRelease(
    Effect.sync(() => new Life(options.timeout, lingerOf(options))),
    (life, exit) => life.close(exit)
  )

const common = (life: Life) => ({
  ...operations(life.end),
  poll: life.poll,
  close: (options: RawDuct.CloseOptions = {}) => life.close(Exit.void, options.shutdown)
})

export const parent = (options: RawDuct.ParentOptions = {}) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const life = yield* live(options)
    const bindAddress = Option.fromNullable(options.address)
    const bind = (backlog = 1) => life.bind(transport.listen(bindAddress, { ...options, backlog }))
    const duct: RawDuct.RawDuctParent = {
      ...common(life),
      bindAddress,
      listenerAddress: Effect.suspend(() =>
        life.lastAddress === undefined
          ? Exit.fail(new NotConnected({ operation: "listenerAddress" }))
          : Exit.succeed(life.lastAddress)
      ),
      bind: (listenQueueDepth) => Effect.map(bind(listenQueueDepth), ({ address }) => address),
      listen: (timeout = constants.pollTimeout) =>
        life.whenUnconnected("listen", () =>
          Effect.flatMap(bind(), (listener) => life.accept(listener, Duration.decode(timeout)))
        )
    }
    return duct
  })

const isRetryable = (error: ConnectError): boolean =>
  error._tag === "ConnectFailed" &&
  (error.reason === "Refused" || error.reason === "NotFound" || error.reason === "BacklogFull")

const retrySchedule = (options: RawDuct.RetryOptions): Schedule.Schedule<unknown, ConnectError> =>
  options.schedule ??
  Schedule.intersect(
    Schedule.recurs(Math.max(0, options.retryCount ?? constants.retryCount)),
    Schedule.spaced(options.retryDelay ?? constants.retryDelay)
  )

export const child = (options: RawDuct.ChildOptions) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const life = yield* live(options)
    const { address, ...settings } = options
    const attempt = transport.connect(address, { timeout: life.end.timeout, ...settings })
    const duct: RawDuct.RawDuctChild = {
      ...common(life),
      connectAddress: address,
      connect: (retry = {}) =>
        life.connect(Effect.retry(attempt, { schedule: retrySchedule(retry), while: isRetryable }))
    }
    return duct
  })

export const fromConnection = (
  connection: Connection,
  options: SocketOptions & TimeoutOption = {}
): RawDuct.RawDuct => {
  const end = new RawEnd(Duration.decode(options.timeout ?? constants.timeout))
  end.attach(connection)
  const close = (shutdown = false) =>
    Effect.suspend(() => {
      end.attach(connection)
      return shutdown
        ? Effect.flatMap(shutDown(connection, lingerOf(options)), (isEnded) =>
            isEnded ? connection.close : connection.abort
          )
        : connection.close
    })
  return {
    ...operations(end),
    poll: (timeout) => Effect.tapErrorTag(end.poll(timeout), "LocalSocketFault", () => close()),
    close: (options = {}) => Effect.uninterruptible(close(options.shutdown))
  }
}

export const pair = (options: PairOptions & TimeoutOption = {}) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const [left, right] = yield* transport.pair(options)
    return [fromConnection(left, options), fromConnection(right, options)] as const
  })
