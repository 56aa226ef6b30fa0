import { much } from "../binding.js"
import type { Hope } from "../port.js"
import { Promptness } from "../promptness.js"

// So often in a row must a wait have been followed by one message alone, to expect the same of the next.
const enough = 2

// An expectation is put to the test again after so many messages.
const mostTrusted = 16

/**
 * Whether the system's buffer of a stream is empty: then a receive would be in vain, and the wait can begin at once.
 * What came meanwhile, or will, wakes who waits all the same, since polling is level-triggered: a wrong guess costs a
 * turn of the event loop, a right one saves a system call.
 *
 * A receive that gave less than it could have has emptied it (epoll(7)). One that was filled exactly leaves it open; but
 * where question and answer of a known length alternate, which this learns, there is never more. What was sent since may
 * have been answered, see {@link Promptness}.
 */
export class Emptiness {
  /** Whether a receive would be in vain. */
  isLikely = false
  /** Receives since the last wait. */
  private received = 0
  /** Waits in a row that were each followed by exactly one receive that was filled. */
  private alone = 0
  private trusted = 0
  /**
   * Whether much came at once that answers nothing, and nothing was sent since: then its sender is likely in the midst of it,
   * and a receive that finds nothing no news.
   */
  isFlowing = false
  /** Whether something was sent since something came: much that comes then is the answer, and likely all of it. */
  private hasAnswered = false
  private readonly promptness = new Promptness()

  /** Why there may be something though nothing is here. */
  get hope(): Hope | undefined {
    return this.isFlowing ? "more" : this.promptness.isLikely ? "an answer" : undefined
  }

  /** A receive of at most `asked` bytes gave some. */
  took(count: number, asked: number): void {
    this.promptness.learn(true)
    this.received += 1
    if (count >= much) this.isFlowing = !this.hasAnswered
    this.hasAnswered = false
    if (this.isFlowing) return
    if (count < asked) this.isLikely = true
    else if (this.received > 1) this.alone = 0
    else if (this.alone >= enough && this.trusted < mostTrusted) {
      this.trusted += 1
      this.isLikely = true
    }
  }

  /** A receive found nothing. */
  foundNothing(): void {
    this.promptness.learn(false)
    this.alone = this.received === 1 ? this.alone + 1 : 0
    this.trusted = 0
    this.isFlowing = false
  }

  /** Something was sent. */
  sent(): void {
    this.hasAnswered = true
    this.isFlowing = false
    this.promptness.asked()
    if (this.promptness.isLikely) this.isLikely = false
  }

  /** Who waited looks again. */
  waited(): void {
    this.isLikely = false
    this.promptness.waited()
    this.received = 0
  }
}
