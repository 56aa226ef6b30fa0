import { Contract } from "@ductworks/message"
import { Schema } from "effect"

/** A child introduces itself, is given a word, and answers with its length. */
export class Lengths extends Contract.make("many-children/Lengths", {
  toChild: Schema.Struct({ word: Schema.String }),
  toParent: Schema.Union(
    Schema.TaggedStruct("Hello", { name: Schema.String }),
    Schema.TaggedStruct("Length", { length: Schema.Number })
  )
}) {}
