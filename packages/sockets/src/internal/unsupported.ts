import { Unsupported } from "@ductworks/core/DuctError"

const instead: Readonly<Record<string, string>> = {
  sock: "Node has TCP, UDP and Unix stream sockets, and none over a descriptor",
  socketpair: "or listen and connect",
  bind: "Node has no names of the system's choice for Unix sockets: give a path",
  dup: "or share this one",
  getsockopt: "PortableSockets names the options that Node has",
  setsockopt: "PortableSockets names the options that Node has",
  recv: "Node knows no flags but MSG.PEEK, MSG.DONTWAIT and MSG.WAITALL",
  send: "Node knows no flags but MSG.DONTWAIT",
  sendFds: "or give descriptors to a child process as its stdio",
  joinGroup: "only datagram sockets join groups",
  leaveGroup: "only datagram sockets join groups"
}

/** What the portable sockets say where Node has no way to do it. */
export const unsupported = (operation: string): Unsupported => {
  const problem = "Node's own sockets cannot do this; use NativeSockets.layer"
  const other = instead[operation]
  return new Unsupported({ operation, problem: other === undefined ? problem : `${problem} (${other})` })
}
