import { InvalidArgument } from "@ductworks/core/DuctError"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import type { ArgumentError } from "../../SocketError.js"
import type { File, Sock } from "../../Sock.js"
import { Lines } from "./lines.js"
import { OutBuffer, usualSize } from "./outBuffer.js"

/** How a file is opened. */
export type Mode = "r" | "w" | "rw" | "rb" | "wb" | "rwb"

const modes: ReadonlySet<string> = new Set(["r", "w", "rw", "rb", "wb", "rwb"])

// As that of a receive.
const mostSize = 64 * 1024 * 1024

/** What is wrong with how a file is to be opened. */
export const checkFile = (mode: string, bufferSize: number): InvalidArgument | undefined => {
  const problem = modes.has(mode)
    ? Number.isInteger(bufferSize) && bufferSize >= -1 && bufferSize <= mostSize
      ? undefined
      : `bufferSize must be -1, 0, 1 or a number of bytes up to ${mostSize}, not ${bufferSize}`
    : `the mode must be one of ${[...modes].join(", ")}`
  return problem === undefined ? undefined : new InvalidArgument({ operation: "makefile", problem })
}

/** How a file receives: at most so many bytes. */
type Receive = (count: number) => Effect.Effect<Uint8Array, ArgumentError>

/** Bytes in and out of the socket. */
export const bytesFile = (
  sock: Sock,
  receive: Receive,
  mode: Mode,
  bufferSize: number
): File<Uint8Array, Uint8Array> => ({
  stream: mode.includes("r") ? pieces(receive, bufferSize) : Stream.fail(notOpen("reading")),
  sink: mode.includes("w") ? buffered(sock, bufferSize, (bytes: Uint8Array) => bytes) : Sink.fail(notOpen("writing"))
})

/** Lines of text in and out of the socket. */
export const linesFile = (sock: Sock, receive: Receive, mode: Mode, bufferSize: number): File<string, string> => ({
  stream: mode.includes("r") ? lines(receive, bufferSize) : Stream.fail(notOpen("reading")),
  sink: mode.includes("w") ? buffered(sock, bufferSize, encodeLine) : Sink.fail(notOpen("writing"))
})

const notOpen = (what: string): InvalidArgument =>
  new InvalidArgument({ operation: "makefile", problem: `the file was not opened for ${what}` })

const pieces = (receive: Receive, bufferSize: number): Stream.Stream<Uint8Array, ArgumentError> =>
  Stream.repeatEffectOption(
    Effect.matchEffect(receive(bufferSize > 1 ? bufferSize : usualSize), {
      onFailure: (error) => Effect.fail(Option.some(error)),
      onSuccess: (bytes) => (bytes.length === 0 ? Effect.fail(Option.none()) : Effect.succeed(bytes))
    })
  )

const lines = (receive: Receive, bufferSize: number): Stream.Stream<string, ArgumentError> =>
  Stream.suspend(() => {
    const found = new Lines()
    return Stream.concat(
      Stream.mapConcatEffect(pieces(receive, bufferSize), (bytes) => found.push(bytes)),
      Stream.suspend(() => Stream.fromIterable(found.end()))
    )
  })

const encoder = new TextEncoder()

const encodeLine = (line: string): Uint8Array => encoder.encode(`${line}\n`)

const buffered = <A>(
  sock: Sock,
  bufferSize: number,
  encode: (item: A) => Uint8Array
): Sink.Sink<void, A, never, ArgumentError> =>
  Sink.suspend(() => {
    const held = new OutBuffer(bufferSize < 0 ? usualSize : bufferSize)
    const sendAll = (pieces: ReadonlyArray<Uint8Array>) =>
      pieces.length === 0 ? Effect.void : Effect.asVoid(sock.writev(pieces))
    return Sink.mapEffect(
      Sink.forEachChunk((items: Chunk.Chunk<A>) =>
        Effect.forEach(items, (item) => Effect.suspend(() => sendAll(held.push(encode(item)))), { discard: true })
      ),
      () => sendAll(held.take())
    )
  })
