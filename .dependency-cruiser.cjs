// Who may import whom: core <- message <- peers <- {platform-node <- sockets, testing}. CONTRIBUTING.md draws it.
const src = (packages) => `^packages/(${packages})/src/`

/** What each package's sources may import besides themselves: workspace packages, then npm packages. */
const rooms = {
  core: { packages: [], npm: ["effect"] },
  message: { packages: ["core"], npm: ["effect", "@msgpack/msgpack"] },
  peers: { packages: ["core", "message"], npm: ["effect"] },
  "platform-node": { packages: ["core", "message", "peers"], npm: ["effect", "@effect/platform", "ws", "@types/ws"] },
  testing: { packages: ["core", "message", "peers"], npm: ["effect"] },
  sockets: { packages: ["core", "peers", "platform-node"], npm: ["effect", "node-gyp-build"] }
}

const roomRules = Object.entries(rooms).map(([room, { packages, npm }]) => ({
  name: `${room}-imports-only-its-own`,
  comment: `packages/${room} may import ${[...packages, ...npm].join(", ")} and nothing else`,
  severity: "error",
  from: { path: src(room) },
  to: {
    pathNot: [src([room, ...packages].join("|")), ...npm.map((name) => `(^|/)node_modules/${name}/`)],
    dependencyTypesNot: ["core"]
  }
}))

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: "every-package-has-a-rule",
      comment: "a new package needs an entry in the rooms of this file",
      severity: "error",
      from: { path: "^packages/", pathNot: src(Object.keys(rooms).join("|")) + "|^packages/[^/]+/(test|vitest)" },
      to: {}
    },
    {
      name: "no-node-here",
      comment: "node:* belongs to platform-node, sockets, scripts, examples, benchmarks and tests",
      severity: "error",
      from: { path: src(".*"), pathNot: src("platform-node|sockets") },
      to: { dependencyTypes: ["core"] }
    },
    {
      name: "no-testing-in-sources",
      comment: "testing is for tests; no source imports it",
      severity: "error",
      from: { path: src(".*"), pathNot: src("testing") },
      to: { path: "^packages/testing/" }
    },
    {
      name: "no-tests-in-sources",
      severity: "error",
      from: { path: "^(packages/[^/]+/src|examples/src|benchmarks/src)/" },
      to: { path: "^(packages/[^/]+|examples|benchmarks)/test/" }
    },
    {
      name: "framing-imports-only-its-parts",
      comment: "Framing is bytes in, frames or one fault out: no I/O, no Effect",
      severity: "error",
      from: { path: "^packages/message/src/Framing\\.ts$" },
      to: { pathNot: "^packages/message/src/internal/framing/" }
    },
    {
      name: "framing-parts-import-only-each-other",
      comment: "what Framing is made of is as pure as Framing",
      severity: "error",
      from: { path: "^packages/message/src/internal/framing/" },
      to: { pathNot: "^packages/message/src/(internal/framing/|Framing\\.ts$)" }
    },
    {
      name: "framing-parts-take-only-its-types",
      comment: "Framing imports its parts, so they import nothing of it that exists at run time",
      severity: "error",
      from: { path: "^packages/message/src/internal/framing/" },
      to: { path: "^packages/message/src/Framing\\.ts$", dependencyTypesNot: ["type-only"] }
    },
    {
      name: "messagepack-is-a-subpath",
      comment: "its codec is an optional peer, so the index must load without it",
      severity: "error",
      from: { path: "^packages/message/src/", pathNot: "MessagePack" },
      to: { path: "(^|/)node_modules/@msgpack/|^packages/message/src/MessagePack\\.ts$" }
    },
    {
      name: "peers-are-subpaths",
      comment:
        "@ductworks/peers is an optional peer of platform-node and testing, so their indexes must load without it",
      severity: "error",
      from: { path: "^packages/(platform-node|testing|sockets)/src/", pathNot: "Peers(Kit)?\\.ts$|/internal/peers/" },
      to: { path: "^packages/peers/|^packages/(platform-node|testing)/src/(.*Peers(Kit)?\\.ts$|internal/peers/)" }
    },
    {
      name: "ws-is-a-subpath",
      comment: "UDP and streams work without ws",
      severity: "error",
      from: { path: "^packages/platform-node/src/", pathNot: "WebSocketPeers\\.ts$|/internal/peers/webSocket" },
      to: { path: "(^|/)node_modules/(@types/)?ws/|/internal/peers/webSocket" }
    },
    {
      name: "no-foreign-internals",
      comment: "internal/ is closed to other packages, examples and benchmarks",
      severity: "error",
      from: { path: "^(packages/[^/]+|examples|benchmarks)/" },
      to: { path: "^packages/[^/]+/src/internal/", pathNot: "^$1/" }
    },
    {
      name: "no-cycle",
      comment: "a cycle of which at least one import is for types alone does not exist at run time and is tolerated",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }
    },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(packages/[^/]+|examples|benchmarks)/(dist|build)/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@ductworks/source", "import", "node", "types", "default"]
    }
  }
}
