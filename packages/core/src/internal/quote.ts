const limit = 128

// Controls (C0, DEL, C1), and the characters that reorder or hide text: bidirectional marks, embeddings, overrides and
// isolates (Unicode Bidi_Control), zero-width characters, line and paragraph separators, lone surrogates.
const unsafe =
  // eslint-disable-next-line no-control-regex -- control characters are what it is about
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/gu

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

export const quote = (text: string): string => {
  const shown = text.length > limit ? text.slice(0, limit) : text
  return `"${shown.replace(unsafe, escape)}"${text.length > limit ? `… (${text.length} characters)` : ""}`
}
