import { Effect } from "effect"
import { createServer } from "node:http"

const closed = (listening: ReturnType<typeof createServer>) =>
  Effect.async<void>((resume) => {
    listening.close(() => resume(Effect.void))
    listening.closeAllConnections()
  })

/** A real HTTP server on a free port, until the scope is left: `/greet/<name>` greets. */
export const server = Effect.acquireRelease(
  Effect.async<ReturnType<typeof createServer>>((resume) => {
    const listening = createServer((request, response) => {
      response.end(`Hello, ${(request.url ?? "").slice("/greet/".length)}!`)
    })
    listening.listen(0, "127.0.0.1", () => resume(Effect.succeed(listening)))
  }),
  closed
).pipe(
  Effect.flatMap((listening) => {
    const address = listening.address()
    return typeof address === "object" && address !== null
      ? Effect.succeed(address.port)
      : Effect.dieMessage("a listening server has an address")
  })
)
