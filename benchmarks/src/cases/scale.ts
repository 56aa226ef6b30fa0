import { everywhere, figureAtMost, ratioAtMost, type Case } from "./case.js"

const overSockets = (contender: string): string => `${contender} over sockets`

/** What grows with the number of ducts, of connections and of messages. */
export const scale: ReadonlyArray<Case> = [
  {
    group: "scale",
    title: "many ducts at once, 60-byte JSON one way",
    unit: "ns a message",
    count: 96_000,
    placements: everywhere,
    baseline: "1 duct",
    contenders: ["10 ducts", "100 ducts", "1,000 ducts"],
    further: ["1 duct", "10 ducts", "100 ducts", "1,000 ducts"].map(overSockets),
    targets: []
  },
  {
    group: "scale",
    title: "a thousand ducts at once, a batch of 16 a wake",
    unit: "ns a message",
    count: 192_000,
    placements: everywhere,
    baseline: "1 duct, a batch a wake",
    contenders: ["1,000 ducts, a batch a wake"],
    further: [
      ...["1 duct, a batch a wake", "1,000 ducts, a batch a wake"].map(overSockets),
      "net, 1 socket, a batch a wake",
      "net, 1,000 sockets, a batch a wake"
    ],
    targets: [ratioAtMost("1,000 ducts, a batch a wake", 1 / 0.8)]
  },
  {
    group: "scale",
    title: "connections accepted and closed",
    unit: "ns each",
    count: 3200,
    placements: ["two cores"],
    baseline: "net accept",
    contenders: ["transport accept", overSockets("transport accept")],
    targets: []
  },
  {
    group: "scale",
    title: "memory of an idle pair",
    unit: "bytes each",
    count: 3000,
    placements: ["one core"],
    rounds: 1,
    baseline: "two net.Sockets",
    contenders: ["a duct pair", overSockets("a duct pair")],
    targets: [ratioAtMost(["a duct pair", overSockets("a duct pair")], 1.5)]
  },
  {
    group: "scale",
    title: "what V8 knows of that",
    unit: "bytes each",
    count: 3000,
    placements: ["one core"],
    rounds: 1,
    baseline: "two net.Sockets, heap",
    contenders: ["a duct pair, heap", overSockets("a duct pair, heap")],
    targets: []
  },
  {
    group: "scale",
    title: "5 million messages: heap that each leaves behind",
    unit: "bytes a message",
    count: 5_000_000,
    quickCount: 0,
    placements: ["two cores"],
    rounds: 1,
    baseline: "soak, heap",
    contenders: [],
    further: [overSockets("soak, heap")],
    targets: [figureAtMost("soak, heap", 0.05)]
  },
  {
    group: "scale",
    title: "5 million messages: CPU of one, the last half to the first",
    unit: "last to first",
    count: 5_000_000,
    quickCount: 1_000_000,
    placements: ["two cores"],
    rounds: 1,
    baseline: "soak, CPU",
    contenders: [],
    further: [overSockets("soak, CPU")],
    targets: [figureAtMost("soak, CPU", 1.1)]
  },
  {
    group: "scale",
    title: "5 million messages: CPU of one in the sending process",
    unit: "ns a message",
    count: 5_000_000,
    quickCount: 0,
    placements: ["two cores"],
    rounds: 1,
    baseline: "soak, CPU each",
    contenders: [overSockets("soak, CPU each")],
    targets: []
  }
]
