/** An HTTP server with one page. */
import { Data, Effect, type Scope } from "effect"
import * as http from "node:http"

export class PageNotServed extends Data.TaggedError("PageNotServed")<{ readonly cause: Error }> {}

/** Listens until the scope is left; WebSockets can share it. */
export const servePage = (
  html: string,
  address: { readonly host: string; readonly port: number }
): Effect.Effect<http.Server, PageNotServed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<http.Server, PageNotServed>((resume) => {
      const server = http.createServer((request, response) => {
        if (request.url !== "/") return response.writeHead(404).end()
        return response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(html)
      })
      const failed = (cause: Error) => resume(new PageNotServed({ cause }))
      server.once("error", failed).listen(address, () => {
        server.off("error", failed)
        resume(Effect.succeed(server))
      })
    }),
    (server) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
