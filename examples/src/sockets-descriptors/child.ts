// The other process: descriptor 3 is one end of a socket pair, and an open file comes through it.
import { NativeSockets } from "@ductworks/sockets"
import { fdSock } from "@ductworks/sockets/Sock"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import * as fs from "node:fs"

const program = Effect.gen(function* () {
  const parent = yield* fdSock(3)
  const { uid } = yield* parent.peerCredentials
  const { data, fds } = yield* parent.recvFds(100)
  const [file = -1] = fds
  const what = new TextDecoder().decode(data)
  yield* parent.send(
    new TextEncoder().encode(
      `${what}: ${fs.readFileSync(file, "utf8")} (from uid ${uid === process.getuid?.() ? "mine" : uid})`
    )
  )
})

NodeRuntime.runMain(program.pipe(Effect.scoped, Effect.provide(NativeSockets.layer)))
