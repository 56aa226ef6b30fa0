import { messagePack } from "@ductworks/message/MessagePack"
import * as NodeSerializer from "@ductworks/platform-node/NodeSerializer"
import { ductSendAllIn } from "./ductOneWay.js"

export const inMessagePack = ductSendAllIn({ serializer: messagePack() })

export const inStructuredClone = ductSendAllIn({ serializer: NodeSerializer.structuredCloneTrusted() })
