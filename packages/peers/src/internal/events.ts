import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Mailbox from "effect/Mailbox"
import * as Stream from "effect/Stream"
import type { PeerEvent } from "../PeerSocket.js"
import type { Counters } from "./counters.js"

const lag = 1024

/** What becomes of peers, for any number of subscribers, none of which can hold up the socket. */
export class Events {
  private readonly subscribers = new Set<Mailbox.Mailbox<PeerEvent>>()
  private isClosed = false

  constructor(private readonly counters: Counters) {}

  publish(event: PeerEvent): void {
    for (const subscriber of this.subscribers) {
      if (!subscriber.unsafeOffer(event)) this.counters.droppedEvents++
    }
  }

  /** What was published already is still read. */
  close(): void {
    this.isClosed = true
    for (const subscriber of this.subscribers) subscriber.unsafeDone(Exit.void)
  }

  readonly stream: Stream.Stream<PeerEvent> = Stream.unwrapScoped(
    Effect.map(
      Effect.acquireRelease(
        Effect.tap(Mailbox.make<PeerEvent>({ capacity: lag, strategy: "dropping" }), (subscriber) =>
          Effect.sync(() => {
            this.subscribers.add(subscriber)
            if (this.isClosed) subscriber.unsafeDone(Exit.void)
          })
        ),
        (subscriber) => Effect.sync(() => this.subscribers.delete(subscriber))
      ),
      (subscriber) => Mailbox.toStream(subscriber)
    )
  )
}
