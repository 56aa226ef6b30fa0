import { Contract } from "@ductworks/message"
import { Schema } from "effect"

/** What the shop asks the pricing service, and what that answers. Prices are in cents. */
export class Pricing extends Contract.make("two-services/Pricing", {
  toChild: Schema.Struct({ item: Schema.String }),
  toParent: Schema.Struct({ item: Schema.String, cents: Schema.OptionFromNullOr(Schema.Int) })
}) {}
