import { Schema } from "effect"

/** Of `message`. */
export const Message = Schema.Struct({
  id: Schema.Int,
  kind: Schema.String,
  text: Schema.String,
  values: Schema.Array(Schema.Number),
  done: Schema.Boolean
})

/** Of `small`. */
export const Small = Schema.Struct({ id: Schema.Int, kind: Schema.String, text: Schema.String, ok: Schema.Int })
