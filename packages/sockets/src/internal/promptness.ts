// Of 256 that were looked for: from so many on, a look in vain costs less than the waits that the others spare.
const worthwhile = 40

// What is not worthwhile is put to the test again after so many.
const mostPassed = 15

/**
 * Whether the answer is there as soon as the question has left. On one core, a system often lets the other end run before
 * `send` returns; then a receive finds what a wait would have to fetch through the event loop and the fiber's next turn.
 * On two cores the answer takes longer, and the look is in vain. Nobody says which of the two it is, and it changes: so it
 * is learnt.
 */
export class Promptness {
  /** Whether something was sent since the last receive, or the last wait. */
  private hasAsked = false
  // Of the last looks, of 256: the later, the more one counts.
  private found = 64
  private passed = 0

  /** Something was sent. */
  asked(): void {
    this.hasAsked = true
  }

  /** Whether to look where nothing is expected otherwise. To be asked once for each question. */
  isLikely(): boolean {
    if (!this.hasAsked) return false
    if (this.found >= worthwhile) return true
    this.passed += 1
    if (this.passed <= mostPassed) return false
    this.passed = 0
    return true
  }

  /** What a receive found. Whether that is an answer. */
  learn(isHere: boolean): boolean {
    if (!this.hasAsked) return false
    this.hasAsked = false
    this.found += ((isHere ? 256 : 0) - this.found) >> 3
    return isHere
  }

  /** Who waited looks again: what is here then came in its own time. */
  waited(): void {
    this.hasAsked = false
  }
}
