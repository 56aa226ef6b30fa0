// The web-standard globals that this package uses, and one method that ES2023 does not list. Every Node from 20 on, Deno,
// Bun and the browsers have them. Declared by hand, so that neither "DOM" nor Node's types become visible here.

declare class TextEncoder {
  encode(input?: string): Uint8Array
  encodeInto(source: string, destination: Uint8Array): { readonly read: number; readonly written: number }
}

declare class TextDecoder {
  constructor(label?: string, options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean })
  decode(input?: Uint8Array, options?: { readonly stream?: boolean }): string
}

interface String {
  isWellFormed(): boolean
}
