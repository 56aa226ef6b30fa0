import { bytesEcho } from "./netBytesEcho.js"
import { connectSocket } from "../netSockets.js"

/** A round trip in which both ends hold each message back for the rest of the turn, in one of these ways. */
export const leavesAtOnce = bytesEcho(connectSocket, (write) => write())

export const leavesInMicrotask = bytesEcho(connectSocket, (write) => queueMicrotask(write))

export const leavesInTick = bytesEcho(connectSocket, (write) => process.nextTick(write))

export const leavesInImmediate = bytesEcho(connectSocket, (write) => void setImmediate(write))
