import { InvalidArgument } from "../DuctError.js"

export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

export const notACount = (operation: string, name: string, value: number): InvalidArgument =>
  new InvalidArgument({ operation, problem: `${name} must be an integer of at least 0, not ${value}` })
