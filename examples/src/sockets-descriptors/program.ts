import { socketpair } from "@ductworks/sockets/Sock"
import { SO, SOL } from "@ductworks/sockets/SocketConstants"
import { Console, Effect } from "effect"
import { spawn, type ChildProcess } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const bytes = (words: string) => new TextEncoder().encode(words)

/** A file that only this process may open: the other one gets the open descriptor. */
const secret = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = fs.mkdtempSync(join(tmpdir(), "duct-example-"))
    fs.writeFileSync(`${folder}/secret`, "a secret", { mode: 0o600 })
    const fd = fs.openSync(`${folder}/secret`, "r")
    fs.rmSync(folder, { recursive: true })
    return fd
  }),
  (fd) => Effect.sync(() => fs.closeSync(fd))
)

/** The child inherits the other end of the pair as its descriptor 3. */
const start = (fd: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const script = fileURLToPath(new URL("../../dist/sockets-descriptors/child.js", import.meta.url))
      return spawn(process.execPath, [script], { stdio: ["ignore", "inherit", "inherit", fd] })
    }),
    (child) => ended(child)
  )

const ended = (child: ChildProcess) =>
  Effect.async<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
  })

/** Descriptors as things: made in pairs, inherited, duplicated, asked and told, and sent to another process. */
export const program = Effect.gen(function* () {
  const [ours, theirs] = yield* socketpair()
  yield* ours.setsockopt(SOL.SOCKET, SO.SNDBUF, 65_536)
  yield* start(theirs.fd)
  yield* theirs.close

  const file = yield* secret
  yield* ours.sendFds(bytes("a file that is gone"), [file])

  // A duplicate has a descriptor of its own, over the same open socket.
  const copy = yield* ours.dup
  yield* ours.close
  const answer = new TextDecoder().decode(yield* copy.recv(1000))
  yield* Console.log(answer)
  return answer
}).pipe(Effect.scoped)
