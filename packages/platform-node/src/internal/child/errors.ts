import { Reason, quoteText, TypeId } from "@ductworks/core/DuctError"
import * as Schema from "effect/Schema"

/**
 * The process could not be started, and nothing of it is left. `NotFound`: there is no such executable, no interpreter
 * that its first line names, or no such working directory; `PermissionDenied`: it may not be executed.
 *
 * @since 0.1.0
 * @category errors
 */
export class SpawnFailed extends Schema.TaggedError<SpawnFailed>("@ductworks/platform-node/SpawnFailed")(
  "SpawnFailed",
  {
    reason: Reason,
    /** The executable, as the command names it. */
    executable: Schema.String,
    /** The working directory, where the command names one. */
    cwd: Schema.optional(Schema.String),
    /** The operating system's name of the error, such as `"ENOENT"`. */
    code: Schema.optional(Schema.String),
    /** What was underneath. */
    cause: Schema.optional(Schema.Defect)
  }
) {
  readonly [TypeId]: TypeId = TypeId
  override get message() {
    const where = this.cwd === undefined ? "" : ` in ${quoteText(this.cwd)}`
    const code = this.code === undefined ? "" : ` (${this.code})`
    return `cannot start ${quoteText(this.executable)}${where}: ${this.reason}${code}`
  }
}
