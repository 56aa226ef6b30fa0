/**
 * Child processes at the other end of a duct: started, connected, ended and reaped with a scope.
 *
 * @since 0.1.0
 */
import type { RawDuct, Transport } from "@ductworks/core"
import type {
  AcceptError,
  ChildExited,
  DuctTimeout,
  ListenError,
  LocalSocketFault,
  Unsupported
} from "@ductworks/core/DuctError"
import type * as Contract from "@ductworks/message/Contract"
import type { MessageDuct } from "@ductworks/message/MessageDuct"
import type { Command } from "@effect/platform/Command"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { SpawnFailed } from "./internal/child/errors.js"
import * as internal from "./internal/child/spawn.js"

export {
  /**
   * The process could not be started, and nothing of it is left.
   *
   * @since 0.1.0
   * @category errors
   */
  SpawnFailed
} from "./internal/child/errors.js"

/**
 * How a process ended: by itself with a code, or by a signal. One of the two is set.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExitStatus {
  readonly code: number | undefined
  /** Its name, such as `"SIGKILL"`. */
  readonly signal: string | undefined
}

/**
 * A signal of POSIX, by name. A platform may lack some of them.
 *
 * @since 0.1.0
 * @category models
 */
export type Signal =
  | "SIGABRT"
  | "SIGALRM"
  | "SIGBUS"
  | "SIGCHLD"
  | "SIGCONT"
  | "SIGFPE"
  | "SIGHUP"
  | "SIGILL"
  | "SIGINT"
  | "SIGKILL"
  | "SIGPIPE"
  | "SIGPROF"
  | "SIGQUIT"
  | "SIGSEGV"
  | "SIGSTOP"
  | "SIGSYS"
  | "SIGTERM"
  | "SIGTRAP"
  | "SIGTSTP"
  | "SIGTTIN"
  | "SIGTTOU"
  | "SIGURG"
  | "SIGUSR1"
  | "SIGUSR2"
  | "SIGVTALRM"
  | "SIGXCPU"
  | "SIGXFSZ"

/**
 * A child process.
 *
 * @since 0.1.0
 * @category models
 */
export interface Process {
  readonly pid: number
  /** Waits for the process to end, and be reaped. Any number of fibers may wait; interruption leaves it alone. */
  readonly exit: Effect.Effect<ExitStatus>
  /**
   * Sends a signal, and does not wait for what it does. Default `SIGTERM`. Does nothing once the process has ended.
   * `Unsupported`: the platform has no such signal.
   */
  readonly kill: (signal?: Signal) => Effect.Effect<void, Unsupported>
  /**
   * What the process writes to its standard output, with `stdout: "pipe"`; otherwise empty. Not read ahead of its reader
   * by more than Node's high-water mark: a process that writes on waits for a reader. To be run once.
   */
  readonly stdout: Stream.Stream<Uint8Array, LocalSocketFault>
  /** Like `stdout`, with `stderr: "pipe"`. */
  readonly stderr: Stream.Stream<Uint8Array, LocalSocketFault>
}

/**
 * A child process and the parent's end of a byte duct to it.
 *
 * @since 0.1.0
 * @category models
 */
export interface RawChild extends RawDuct.RawDuct, Process {}

/**
 * A child process and the parent's end of a message duct to it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Child<in ToChild, out ToParent> extends MessageDuct<ToChild, ToParent>, Process {}

/**
 * How a child process is started, connected and ended, and the settings of the socket to it.
 *
 * @since 0.1.0
 * @category models
 */
export interface SpawnRawOptions extends Transport.SocketOptions {
  /**
   * - `"fd"`, the default: the child inherits a connected socket as descriptor 3. Nothing listens, nobody else can connect.
   * - `"unix"`: it connects to a socket in a directory that only this user can enter.
   * - `"tcp"`: it connects to a port of 127.0.0.1 and proves itself with a random token. The default on Windows.
   *
   * The last two are for programs that cannot use, or do not pass on, descriptor 3. The child finds the address, and the
   * token, in its environment: `DUCTWORKS_ADDRESS` and `DUCTWORKS_TOKEN`, whose 64 characters it sends first.
   */
  readonly transport?: "fd" | "unix" | "tcp"
  /**
   * How long the process may take to end by itself once the duct is closed in good order, and again after SIGTERM.
   * Default 5 seconds. Measured on the wall clock.
   */
  readonly grace?: Duration.DurationInput
  /** How long it may take to connect, over Unix and TCP, before `DuctTimeout`. Default 60 seconds. */
  readonly acceptTimeout?: Duration.DurationInput
  /** Default `"ignore"`: it reads nothing. */
  readonly stdin?: "ignore" | "inherit"
  /** Default `"inherit"`. `"pipe"` makes it a Stream. */
  readonly stdout?: "inherit" | "ignore" | "pipe"
  /** Default `"inherit"`. `"pipe"` makes it a Stream. */
  readonly stderr?: "inherit" | "ignore" | "pipe"
  /** Of the duct; see `RawDuct.timeout` and the settings of message ducts. Default 30 seconds. */
  readonly timeout?: Duration.DurationInput
}

/**
 * How a child process is started, connected and ended, and the settings of the message duct to it. The framing and the
 * format are the contract's.
 *
 * @since 0.1.0
 * @category models
 */
export interface SpawnOptions extends SpawnRawOptions, Omit<Contract.EndSettings, "timeout"> {}

/**
 * Why there is no child: the process did not start (`SpawnFailed`), ended before it connected (`ChildExited`, with code 0
 * too), did not connect in time (`DuctTimeout`), could not be listened for, or the command or the transport is one that
 * cannot be used here (`Unsupported`).
 *
 * @since 0.1.0
 * @category models
 */
export type SpawnError = SpawnFailed | Unsupported | ListenError | AcceptError | ChildExited | DuctTimeout

/**
 * Starts the command as a child process at the other end of a contract, whose program uses `contract.layerChild()` or
 * `contract.connect()` over `NodeTransport`.
 *
 * **The command** is a description; of `@effect/platform` nothing else is used. Its executable, arguments, environment,
 * working directory, shell, user and group count; its stdio does not (see the options). Pipelines, fed commands and Sinks
 * are `Unsupported`. Through a shell, `pid`, `exit` and signals are the shell's.
 *
 * **The end of the child.** Every message that it sent is received first. Then, if it exited with another code than 0, or
 * by a signal, `recv` and `stream` fail with `ChildExited`, inside a message too; otherwise it is `RemoteDuctClosed` (or
 * `MessageTruncated`). To know which, the end of a child that has closed its duct but lives on is seen after 1 second.
 * A send to a child that is gone fails with `RemoteDuctClosed` (over TCP the first one may still be taken). While another
 * process has inherited the child's end, the duct goes on.
 *
 * **Leaving the scope** with success: the child sees the end of the duct, and may send what it has, which is dropped,
 * until it exits; after `grace` it gets SIGTERM, and after `grace` again SIGKILL. After a failure or an interruption it
 * gets SIGTERM at once. The process has been reaped when the scope is left, and no finalizer waits for a TestClock.
 *
 * **No orphans.** The child belongs to this process's group and session, so Ctrl-C reaches both: a child that has to finish
 * something then must handle SIGINT. If this process is killed, the kernel closes its end: the child sees `RemoteDuctClosed`, and should end with its duct.
 *
 * One child is one duct: for several use `Effect.forEach` or `Pool.make`. After a request that failed, timed out or was
 * interrupted its answer may still come: invalidate that child in the pool, or the next user gets it.
 *
 * @example
 * import { Contract } from "@ductworks/message"
 * import { NodeChild } from "@ductworks/platform-node"
 * import { Command } from "@effect/platform"
 * import { Effect, Schema } from "effect"
 *
 * class Lengths extends Contract.make("example/Lengths", { toChild: Schema.String, toParent: Schema.Number }) {}
 *
 * // Usually a module of its own, which runs an Effect over Lengths.layerChild(). Any language can be a child: this one
 * // answers each message with the length of its JSON, by hand.
 * const program = `
 *   const socket = new (require("node:net").Socket)({ fd: 3 })
 *   socket.on("data", (frame) => {
 *     const answer = Buffer.from(JSON.stringify(JSON.parse(frame.subarray(5)).length))
 *     socket.write(Buffer.concat([Buffer.from([0x54, 0, 0, 0, answer.length]), answer]))
 *   })
 * `
 *
 * const main = Effect.gen(function* () {
 *   const child = yield* NodeChild.spawn(Lengths, Command.make(process.execPath, "-e", program))
 *   yield* child.send("hello")
 *   console.log(yield* child.recv, "from process", child.pid) // 5 from process …
 * })
 *
 * await Effect.runPromise(Effect.scoped(main))
 *
 * @since 0.1.0
 * @category constructors
 */
export const spawn: <Id extends string, ToChild, ToParent, R>(
  contract: Contract.Contract<Id, ToChild, ToParent, R>,
  command: Command,
  options?: SpawnOptions
) => Effect.Effect<Child<ToChild, ToParent>, SpawnError, Scope.Scope | R> = internal.spawn

/**
 * {@link spawn} as a layer of `contract.Parent`. Where the process is needed too (`pid`, `exit`, output), or more than one
 * child, use {@link spawn}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerParent = <Id extends string, ToChild, ToParent, R>(
  contract: Contract.Contract<Id, ToChild, ToParent, R>,
  command: Command,
  options?: SpawnOptions
): Layer.Layer<Contract.Parent<Id>, SpawnError, R> =>
  Layer.scoped(contract.Parent, internal.spawn(contract, command, options))

/**
 * {@link spawn} for programs that speak something else than a contract: bytes, or another framing with
 * `MessageDuct.fromRaw`. At the end of the stream `recv` gives no bytes if the child exited with code 0; otherwise it
 * fails with `ChildExited`.
 *
 * @example
 * import { NodeChild } from "@ductworks/platform-node"
 * import { Command } from "@effect/platform"
 * import { Effect } from "effect"
 *
 * const main = Effect.gen(function* () {
 *   const child = yield* NodeChild.spawnRaw(Command.make("sh", "-c", "cat <&3 >&3"))
 *   yield* child.sendAll(new TextEncoder().encode("hello"))
 *   yield* child.endWrite
 *   console.log(new TextDecoder().decode(yield* child.recv(100))) // hello
 *   console.log(yield* child.exit) // { code: 0, signal: undefined }
 * })
 *
 * await Effect.runPromise(Effect.scoped(main))
 *
 * @since 0.1.0
 * @category constructors
 */
export const spawnRaw: (
  command: Command,
  options?: SpawnRawOptions
) => Effect.Effect<RawChild, SpawnError, Scope.Scope> = internal.spawnRaw
