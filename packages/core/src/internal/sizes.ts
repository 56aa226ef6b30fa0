export const highWaterMark = 128 * 1024

export const sizeOr = (asked: number | undefined, byDefault: number): number =>
  asked === undefined || Number.isNaN(asked) ? byDefault : Math.max(1, asked)
