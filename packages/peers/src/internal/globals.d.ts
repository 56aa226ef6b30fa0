/** In every JavaScript runtime; the packages compile without the types of any. */
declare class TextEncoder {
  encode(text: string): Uint8Array
}
