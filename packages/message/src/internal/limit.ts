/** A limit as it was asked for; what is no number asks for none. */
export const limitOr = (asked: number | undefined, byDefault: number): number =>
  asked === undefined || Number.isNaN(asked) ? byDefault : Math.max(0, asked)
