import { Dispatcher } from "@ductworks/sockets"
import { Cause, Console, Effect } from "effect"
import { Answers } from "./answers.js"
import { server } from "./server.js"

const names = ["Ada", "Barbara", "Grace", "Hedy", "Radia"]

/** Taken one by one, each when the one before has left. The last asks the server to close after its answer. */
function* requests() {
  for (const name of names) {
    const last = name === names[names.length - 1] ? "Connection: close\r\n" : ""
    yield `GET /greet/${name} HTTP/1.1\r\nHost: localhost\r\n${last}\r\n`
  }
}

const firstLine = (request: string) => request.slice(0, request.indexOf("\r\n"))

export const program = Effect.gen(function* () {
  const port = yield* server
  const answers = new Answers()
  const bodies: Array<string> = []

  const client = Dispatcher.makeTarget((self) =>
    Dispatcher.drive(
      Dispatcher.writeIterable(self, requests(), (request) => Console.log(`sent: ${firstLine(request)}`)),
      Dispatcher.dataReader(self, (data) =>
        Effect.forEach(
          answers.push(data),
          ({ body, status }) => {
            bodies.push(body)
            return Console.log(`${status}: ${body}`)
          },
          { discard: true }
        )
      )
    )
  )

  const dispatcher = yield* Dispatcher.make()
  yield* dispatcher.add(client)
  const [code] = yield* Dispatcher.connectTcp(client, ["127.0.0.1", port])
  if (code === 0) yield* dispatcher.connected(client)
  yield* dispatcher.iterate({ onError: ({ cause }) => Console.error(Cause.pretty(cause)) })
  yield* Console.log(`${bodies.length} answers over one connection`)
  return bodies
}).pipe(Effect.scoped)
