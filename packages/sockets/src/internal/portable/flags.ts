import { MSG } from "../../SocketConstants.js"

// A flag that this system lacks is -1.
const bits = (flag: number): number => Math.max(0, flag)

// Portable sockets never block and never raise SIGPIPE, and MSG_WAITALL asks nothing of a socket that does not block.
const always = bits(MSG.DONTWAIT) | bits(MSG.NOSIGNAL) | bits(MSG.WAITALL)

export const isPeek = (flags: number): boolean => (flags & MSG.PEEK) !== 0

export const isSupported = (flags: number, also = 0): boolean => (flags & ~(always | bits(also))) === 0
