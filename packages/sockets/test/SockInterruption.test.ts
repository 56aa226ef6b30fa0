import { Interruption } from "@ductworks/testing"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Scheduler from "effect/Scheduler"
import { NativeSockets, PortableSockets, Sock } from "../src/index.js"
import type { ArgumentError, EndOfFile } from "../src/SocketError.js"
import { AF, MSG, SHUT, SOCK } from "../src/SocketConstants.js"
import { bytes, listening, text } from "./support/suite.js"

type Receive = (sock: Sock.Sock, note: (data: Uint8Array) => void) => Effect.Effect<void, ArgumentError | EndOfFile>

const receives: ReadonlyArray<readonly [name: string, receive: Receive]> = [
  ["recv", (sock, note) => Effect.flatMap(sock.recv(3), (data) => Effect.succeed(note(data)))],
  ["recvExact", (sock, note) => Effect.flatMap(sock.recvExact(4), (data) => Effect.succeed(note(data)))],
  ["recvfrom", (sock, note) => Effect.flatMap(sock.recvfrom(3), ([data]) => Effect.succeed(note(data)))],
  [
    "readv",
    (sock, note) => Effect.flatMap(sock.readv([1, 3]), (pieces) => Effect.succeed(pieces.forEach((data) => note(data))))
  ],
  [
    "recvInto",
    (sock, note) => {
      const buffer = new Uint8Array(3)
      return Effect.flatMap(sock.recvInto(buffer), (count) => Effect.succeed(note(buffer.slice(0, count))))
    }
  ],
  [
    "recvExactInto",
    (sock, note) => {
      const buffer = new Uint8Array(4)
      return Effect.flatMap(sock.recvExactInto(buffer), () => Effect.succeed(note(buffer.slice())))
    }
  ],
  [
    "recvfrom with MSG.WAITALL",
    (sock, note) => Effect.flatMap(sock.recvfrom(4, MSG.WAITALL), ([data]) => Effect.succeed(note(data)))
  ],
  [
    "recvInto with MSG.WAITALL",
    (sock, note) => {
      const buffer = new Uint8Array(4)
      const receive = sock.recvInto(buffer, { flags: MSG.WAITALL })
      return Effect.flatMap(receive, (count) => Effect.succeed(note(buffer.slice(0, count))))
    }
  ],
  [
    "recvfromInto with MSG.WAITALL",
    (sock, note) => {
      const buffer = new Uint8Array(4)
      const receive = sock.recvfromInto(buffer, { flags: MSG.WAITALL })
      return Effect.flatMap(receive, ([count]) => Effect.succeed(note(buffer.slice(0, count))))
    }
  ]
]

/** Keeps the tasks of its fibers back from `hold` on, until they are run. */
class Held implements Scheduler.Scheduler {
  private tasks: Array<Scheduler.Task> | undefined
  private came: () => void = () => {}
  /** A task is kept back. */
  readonly holds = Effect.async<void>((resume) => {
    this.came = () => resume(Effect.void)
  })

  hold(): void {
    this.tasks = []
  }

  run(): void {
    const { tasks } = this
    this.tasks = undefined
    for (const task of tasks ?? []) task()
  }

  shouldYield(): number | false {
    return false
  }

  scheduleTask(task: Scheduler.Task, priority: number, fiber?: Fiber.RuntimeFiber<unknown, unknown>): void {
    if (this.tasks === undefined) return Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
    this.tasks.push(task)
    this.came()
  }
}

const kinds = [
  ["native", NativeSockets.layer],
  ["portable", PortableSockets.layer]
] as const

describe("interrupted as the end comes", () => {
  for (const [kind, layer] of kinds) {
    for (const name of ["recvExact", "recvExactInto"] as const) {
      it.live(`SH-23 SH-24 ${name} keeps what came before the end (${kind})`, () =>
        Effect.gen(function* () {
          const [listener, address] = yield* listening()
          const one = yield* Sock.tcpSock
          yield* one.connect(address)
          const [two] = yield* listener.accept
          const scheduler = new Held()
          const receive: Effect.Effect<unknown, ArgumentError | EndOfFile> =
            name === "recvExact" ? two.recvExact(4) : two.recvExactInto(new Uint8Array(4))
          const fiber = yield* Effect.fork(Effect.withScheduler(receive, scheduler))
          while ((yield* Fiber.status(fiber))._tag !== "Suspended") yield* Effect.yieldNow()
          scheduler.hold()
          const holds = yield* Effect.fork(scheduler.holds)
          yield* one.send(bytes("ab"))
          yield* one.shutdown(SHUT.WR)
          yield* Fiber.join(holds)
          fiber.unsafeInterruptAsFork(FiberId.none)
          scheduler.run()
          assert.isTrue(Exit.isInterrupted(yield* Fiber.await(fiber)))
          assert.strictEqual(text(yield* two.recv(100)), "ab")
          assert.strictEqual((yield* two.recv(100)).length, 0)
        }).pipe(Effect.scoped, Effect.provide(layer))
      )
    }
  }
})

describe("interruption at every point", { timeout: 60_000 }, () => {
  for (const [name, receive] of receives) {
    it.live(`SH-22 SH-23 SH-24 SH-25 SH-26 ${name} loses no byte, and gives none twice (native)`, () =>
      Effect.gen(function* () {
        const points = yield* Interruption.atEveryPoint((interrupted) =>
          Effect.gen(function* () {
            const [one, two] = yield* Sock.socketpair()
            let received = ""
            const note = (data: Uint8Array) => void (received += text(data))
            yield* one.send(bytes("abcdefgh"))
            yield* one.shutdown(SHUT.WR)
            yield* interrupted(Effect.zipRight(receive(two, note), receive(two, note)))
            for (let rest = yield* two.recv(100); rest.length > 0; rest = yield* two.recv(100)) note(rest)
            assert.strictEqual(received, "abcdefgh")
          }).pipe(Effect.scoped)
        )
        assert.isAbove(points, 3)
      }).pipe(Effect.provide(NativeSockets.layer))
    )
  }

  it.live("SH-30 a shutdown of reading that the system was told is an end for receives, too (native)", () =>
    Effect.gen(function* () {
      const codes = new Set<string>()
      const points = yield* Interruption.atEveryPoint((interrupted) =>
        Effect.gen(function* () {
          const [one, two] = yield* Sock.socketpair(AF.UNIX, SOCK.DGRAM)
          yield* interrupted(one.shutdown(SHUT.RD))
          // The system refuses what is sent to a Unix socket that reads no more.
          const isShut = Either.isLeft(yield* Effect.either(two.send(bytes("x"))))
          if (!isShut) yield* one.recv(1)
          const next = yield* Effect.either(one.recv(1, MSG.DONTWAIT))
          const told = Either.match(next, { onLeft: ({ _tag }) => _tag, onRight: ({ length }) => `${length} bytes` })
          codes.add(told)
          assert.strictEqual(told, isShut ? "0 bytes" : "SocketFault")
        }).pipe(Effect.scoped)
      )
      assert.isAbove(points, 1)
      assert.strictEqual(codes.size, 2)
    }).pipe(Effect.provide(NativeSockets.layer))
  )

  it.live("SH-6 SH-7 accept and acceptMany lose no connection (native)", () =>
    Effect.gen(function* () {
      const points = yield* Interruption.atEveryPoint((interrupted) =>
        Effect.gen(function* () {
          const [listener, address] = yield* listening()
          for (let i = 0; i < 3; i++) yield* (yield* Sock.tcpSock).connect(address)
          let accepted = 0
          const one = Effect.flatMap(listener.accept, () => Effect.succeed((accepted += 1)))
          const many = Effect.flatMap(listener.acceptMany(2), ({ length }) => Effect.succeed((accepted += length)))
          yield* interrupted(Effect.zipRight(one, many))
          while (Option.isSome(yield* listener.acceptNow)) accepted += 1
          assert.strictEqual(accepted, 3)
        }).pipe(Effect.scoped)
      )
      assert.isAbove(points, 3)
    }).pipe(Effect.provide(NativeSockets.layer))
  )
})
