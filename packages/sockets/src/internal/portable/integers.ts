import { endianness } from "node:os"

const isLittle = endianness() === "LE"

/** The `int` at the index of an option's value; `undefined` where there is none. */
export const readInt = (value: Uint8Array, index = 0): number | undefined =>
  value.length < 4 * (index + 1)
    ? undefined
    : new DataView(value.buffer, value.byteOffset).getInt32(4 * index, isLittle)

/** Writes the integers, as many as there is room for; the bytes written, as getsockopt(2) counts them. */
export const writeInts = (out: Uint8Array, integers: ReadonlyArray<number>): number => {
  const bytes = new Uint8Array(4 * integers.length)
  const view = new DataView(bytes.buffer)
  integers.forEach((integer, index) => view.setInt32(4 * index, integer, isLittle))
  const fitting = bytes.subarray(0, out.length)
  out.set(fitting)
  return fitting.length
}
