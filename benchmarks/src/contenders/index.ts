import type { Contender } from "../contender.js"
import { ductEcho, ductSchemaEcho } from "./ductEcho.js"
import { duct16MiB, ductMiB } from "./ductLarge.js"
import { ductSendAll, ductSendEach } from "./ductOneWay.js"
import { ductStalled } from "./ductStalled.js"
import { ipcEcho } from "./ipcEcho.js"
import { ipcOneWay } from "./ipcOneWay.js"
import { netEcho } from "./netEcho.js"
import { netOneWay } from "./netOneWay.js"

export const contenders: Readonly<Record<string, Contender>> = {
  "net echo": netEcho,
  "duct echo": ductEcho,
  "duct schema echo": ductSchemaEcho,
  "child_process echo": ipcEcho,
  "net one way": netOneWay,
  "duct sendAll": ductSendAll,
  "duct send each": ductSendEach,
  "child_process one way": ipcOneWay,
  "duct 1 MiB": ductMiB,
  "duct 16 MiB": duct16MiB,
  "duct stalled": ductStalled
}
