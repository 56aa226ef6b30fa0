import { Contract } from "@ductworks/message"
import { Schema } from "effect"

/** Numbers to the child, their squares back. */
export class Squares extends Contract.make("restart/Squares", { toChild: Schema.Number, toParent: Schema.Number }) {}
