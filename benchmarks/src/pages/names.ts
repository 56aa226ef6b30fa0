// What contenders are called on pages and plots, where the title says the rest.

/** Who is compared. */
export type Kind = "Ductworks" | "others" | "C, the limit"

export const kindOf = (contender: string): Kind => {
  if (
    /^(spinning )?(socket |thread )?(raw )?(duct|connection)\b|^(Sock|PeerSocket)\b|\bducts?\b|^transport /.test(
      contender
    )
  )
    return "Ductworks"
  return /^C[ ,]/.test(contender) ? "C, the limit" : "others"
}

/** "socket duct schema echo" is "SocketTransport, Schema", "net one way" is "node:net by hand". */
export const label = (contender: string): string =>
  contender
    .replace(/^spinning (.*)$/, "$1, spinning")
    .replace(/ (echo|one way|stream)(?=,| of|$)/, "")
    .replace(/ of 64 (bytes|KiB)$/, "")
    .replace(/, 64 bytes$/, "")
    .replace(/, \d+ [KM]?i?B(, (reused|fresh))?\b/, "")
    .replace(/^socket (?=raw|connection|duct)/, "Socket")
    .replace(/^thread (?=duct)/, "Thread")
    .replace(/^(?=raw duct|connection|duct)/, "Node")
    .replace(/^(Socket|Thread|Node)(raw duct|connection|duct)/, (_, transport: string, layer: string) =>
      layer === "duct" ? `${transport}Transport` : `${transport}Transport, ${layer}`
    )
    .replace(
      /Transport (schema|contract|send|sink)/,
      (_, what: string) => `Transport, ${what.replace("schema", "Schema")}`
    )
    .replace(/Schema send/, "Schema, send")
    .replace(/^net\b/, "node:net by hand")
