import { overNode, overSockets, overSpinningSockets } from "../carriers.js"
import type { Carrier } from "../ducts.js"
import { sizes } from "../oneWay.js"
import type { Contenders } from "./index.js"

const small = 64
const large = 64 * 1024

/** The same over each transport, by the name of which they begin. */
const over = (prefix: string, carrier: () => Promise<Carrier>): Contenders => ({
  [`${prefix}duct echo`]: async () => (await import("./ductEcho.js")).ductEcho(await carrier()),
  [`${prefix}duct schema echo`]: async () => (await import("./ductEcho.js")).ductSchemaEcho(await carrier()),
  [`${prefix}duct contract echo`]: async () => (await import("./contractEcho.js")).contractEcho(await carrier()),
  [`${prefix}duct echo, without time-outs`]: async () =>
    (await import("./ductEcho.js")).ductEchoWithoutTimeouts(await carrier()),
  [`${prefix}duct echo, with both locks`]: async () =>
    (await import("./ductEcho.js")).ductEchoWithLocks(await carrier()),

  [`${prefix}connection echo of 64 bytes`]: async () => (await import("./layers.js")).connectionEcho(await carrier()),
  [`${prefix}raw duct echo of 64 bytes`]: async () => (await import("./layers.js")).rawDuctEcho(await carrier()),
  [`${prefix}duct echo of 64 bytes`]: async () => (await import("./layers.js")).bytesDuctEcho(await carrier(), small),
  [`${prefix}duct echo of 64 KiB`]: async () => (await import("./layers.js")).bytesDuctEcho(await carrier(), large),

  [`${prefix}duct sendAll`]: async () => (await import("./ductOneWay.js")).ductSendAll(await carrier()),
  [`${prefix}duct schema sendAll`]: async () => (await import("./ductOneWay.js")).ductSchemaSendAll(await carrier()),
  [`${prefix}duct sendAll, MessagePack`]: async () => (await import("./serializers.js")).inMessagePack(await carrier()),
  [`${prefix}duct sendAll, structuredClone`]: async () =>
    (await import("./serializers.js")).inStructuredClone(await carrier()),
  [`${prefix}duct sink`]: async () => (await import("./ductOneWay.js")).ductSink(await carrier()),
  [`${prefix}duct send each`]: async () => (await import("./ductOneWay.js")).ductSendEach(await carrier()),

  ...Object.fromEntries(
    Object.entries(sizes).flatMap(([name, size]) => [
      [
        `${prefix}raw duct, ${name}, reused`,
        async () => (await import("./bytesOneWay.js")).intoReused(await carrier(), size)
      ],
      [
        `${prefix}raw duct, ${name}, as it comes`,
        async () => (await import("./bytesOneWay.js")).intoReused(await carrier(), size, "what is here")
      ],
      [`${prefix}duct, ${name}, fresh`, async () => (await import("./bytesOneWay.js")).intoFresh(await carrier(), size)]
    ])
  ),
  [`${prefix}duct EX-10`]: async () => (await import("./largeTexts.js")).largeTexts(await carrier()),
  [`${prefix}duct stalled`]: async () => (await import("./ductStalled.js")).ductStalled(await carrier())
})

export const ducts: Contenders = {
  ...over("", overNode),
  ...over("socket ", overSockets),
  ...over("spinning socket ", overSpinningSockets)
}
