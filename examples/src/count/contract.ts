import { Contract } from "@ductworks/message"
import { Schema } from "effect"

/** What a worker found in a file. */
export class Counted extends Schema.TaggedClass<Counted>()("Counted", {
  bytes: Schema.Number,
  lines: Schema.Number,
  words: Schema.Number,
  sha256: Schema.String
}) {}

/** Why a file could not be read. */
export class Unreadable extends Schema.TaggedClass<Unreadable>()("Unreadable", { problem: Schema.String }) {}

/** A worker gets the path of one file after the other, and answers each. */
export class Counting extends Contract.make("count/Counting", {
  toChild: Schema.Struct({ path: Schema.String }),
  toParent: Schema.Union(Counted, Unreadable)
}) {}
