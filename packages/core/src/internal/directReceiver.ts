import type { Connection, Line } from "../Connection.js"
import type { Deadline } from "../Deadline.js"
import type { ReadError } from "../DuctError.js"
import { RawReceiver } from "./rawReceiver.js"

/** Over a connection whose system can be read into the caller's memory. */
class DirectRawReceiver extends RawReceiver {
  takeInto(buffer: Uint8Array, until?: Deadline): number | ReadError | undefined {
    return this.heldInto(buffer) ?? this.line.takeInto?.(buffer, until)
  }

  protected override get direct(): NonNullable<Line["takeInto"]> {
    return (buffer, until) => this.takeInto(buffer, until)
  }
}

export const receiverOf = (connection: Connection): RawReceiver =>
  connection.takeInto === undefined ? new RawReceiver(connection) : new DirectRawReceiver(connection)
