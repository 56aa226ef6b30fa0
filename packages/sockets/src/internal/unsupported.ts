import { Unsupported } from "@ductworks/core/DuctError"

const instead: Readonly<Record<string, string>> = {
  socketpair: "or listen and connect",
  dup: "or share this one",
  sendFds: "or give descriptors to a child process as its stdio",
  joinGroup: "only datagram sockets join groups"
}

/** What the portable sockets say where Node has no way to do it. */
export const unsupported = (operation: string): Unsupported => {
  const other = instead[operation]
  const problem = "Node's own sockets cannot do this; use NativeSockets.layer"
  return new Unsupported({ operation, problem: other === undefined ? problem : `${problem}, ${other}` })
}
