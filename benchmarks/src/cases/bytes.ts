import { everywhere, speedAtLeast, type Case, type Target } from "./case.js"

const group = "bytes"

/** Bytes one way, beside the same loops in C: whole messages, and what is there, up to a message. */
const intoReused = (size: string, count: number, more: Partial<Case> = {}): Case => ({
  group,
  title: `bytes one way into reused memory, ${size}`,
  unit: "MiB a second",
  count,
  placements: everywhere,
  baseline: `C, ${size}, reused`,
  contenders: [`socket raw duct, ${size}, reused`, `socket raw duct, ${size}, as it comes`],
  further: [
    `spinning socket raw duct, ${size}, reused`,
    `spinning socket raw duct, ${size}, as it comes`,
    `raw duct, ${size}, reused`,
    `raw duct, ${size}, as it comes`,
    `net onread, ${size}`
  ],
  targets: [],
  ...more
})

const intoFresh = (size: string, count: number, more: Partial<Case> = {}): Case => ({
  group,
  title: `bytes one way into fresh memory, ${size}`,
  unit: "MiB a second",
  count,
  placements: everywhere,
  baseline: `C, ${size}, fresh`,
  contenders: [`socket duct, ${size}, fresh`, `duct, ${size}, fresh`],
  further: [`spinning socket duct, ${size}, fresh`],
  targets: [],
  ...more
})

const transports = ["socket ", "spinning socket ", ""]

const nearC = (size: string, memory: "reused" | "fresh"): ReadonlyArray<Target> => {
  const names =
    memory === "reused" ? [`raw duct, ${size}, reused`, `raw duct, ${size}, as it comes`] : [`duct, ${size}, fresh`]
  return [
    speedAtLeast(
      transports.flatMap((transport) => names.map((name) => transport + name)),
      0.85
    )
  ]
}

/** C reads these into a batch: what it writes one by one is what limits it. */
const smallest: Case = {
  ...intoFresh("64 B", 100_000),
  title: "bytes one way in bulk, 64 B",
  baseline: "C, 64 B, reused",
  further: ["net onread, 64 B"],
  targets: [speedAtLeast(["socket duct, 64 B, fresh", "duct, 64 B, fresh"], 2)]
}

const notQuick = { quickCount: 0 }

export const bytes: ReadonlyArray<Case> = [
  smallest,
  intoFresh("1 KiB", 50_000, notQuick),
  intoReused("64 KiB", 4000, notQuick),
  intoFresh("64 KiB", 4000, notQuick),
  intoReused("1 MiB", 400, {
    further: [
      "spinning socket raw duct, 1 MiB, reused",
      "spinning socket raw duct, 1 MiB, as it comes",
      "raw duct, 1 MiB, reused",
      "raw duct, 1 MiB, as it comes",
      "net onread, 1 MiB",
      "Sock recvExactInto",
      "Sock recvInto",
      "Sock recvExactInto, spinning",
      "Sock recvInto, spinning",
      "C, 1 MiB, reused, with poll"
    ],
    targets: [
      ...nearC("1 MiB", "reused"),
      speedAtLeast("Sock recvExactInto", 0.85),
      speedAtLeast("Sock recvInto", 0.85),
      speedAtLeast(["Sock recvExactInto, spinning", "Sock recvInto, spinning"], 0.85)
    ]
  }),
  intoFresh("1 MiB", 400, { targets: nearC("1 MiB", "fresh") }),
  intoReused("16 MiB", 25, { ...notQuick, targets: nearC("16 MiB", "reused") }),
  intoFresh("16 MiB", 25, {
    ...notQuick,
    targets: nearC("16 MiB", "fresh")
  })
]
