// What contenders are called on pages and plots, where the title says the rest.

/** Who is compared. */
export type Kind = "Ductworks" | "others" | "C, the limit"

export const kindOf = (contender: string): Kind => {
  if (/^(socket |thread |raw |connection)?(raw )?(duct|connection)|^Sock /.test(contender)) return "Ductworks"
  return contender.startsWith("C ") || contender.startsWith("C,") ? "C, the limit" : "others"
}

/** "socket duct schema echo" is "SocketTransport, Schema", "net one way" is "node:net by hand". */
export const label = (contender: string): string =>
  contender
    .replace(/ (echo|one way|stream)(?=,| of|$)/, "")
    .replace(/ of 64 (bytes|KiB)$/, "")
    .replace(/, 64 bytes$/, "")
    .replace(/^socket (raw )?duct/, "SocketTransport")
    .replace(/^thread duct/, "ThreadTransport")
    .replace(/^(raw )?duct/, "NodeTransport")
    .replace(/Transport schema/, "Transport, Schema")
    .replace(/Transport contract/, "Transport, contract")
    .replace(/Transport send/, "Transport, send")
    .replace(/^net\b/, "node:net by hand")
