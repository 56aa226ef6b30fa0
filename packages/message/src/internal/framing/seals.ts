import type { Framing } from "../../Framing.js"

type Seal = Framing["seal"]

/** What a `seal` promises. */
export interface Promises {
  /**
   * To write the header and look at nothing else: a large payload need not stand behind its header, and leaves without a
   * copy.
   */
  readonly isHeaderOnly: boolean
  /** Whether it is sure to carry this text: such texts are encoded many at once. */
  readonly carries: (text: string) => boolean
}

const key: unique symbol = Symbol("ductworks/seal")

/** The promises stand at the function and not at its framing: one that is copied with another `seal` makes none. */
export const promising = (promises: Promises, seal: Seal): Seal => Object.assign(seal, { [key]: promises })

const promises = (seal: Seal): seal is Seal & { readonly [key]: Promises } => key in seal

export const promisesOf = (seal: Seal): Promises => (promises(seal) ? seal[key] : none)

const none: Promises = { isHeaderOnly: false, carries: () => false }
