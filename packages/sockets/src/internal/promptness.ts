// Of 256 that were looked for: from so many on, a look in vain costs less than the waits that the others spare.
const worthwhile = 40

// What is not worthwhile is put to the test again after so many.
const mostPassed = 15

/**
 * Whether the answer is there as soon as the question has left, and the other end had the core. On one core, it runs
 * before `send` returns, or when the core is given away; then a receive finds what a wait would have to fetch through the
 * event loop and the fiber's next turn. On two cores the answer takes longer, and the look is in vain. Nobody says which
 * of the two it is, and it changes: so it is learnt.
 */
export class Promptness {
  /** Whether to look where nothing is expected otherwise, for something was sent since the last receive, or wait. */
  isLikely = false
  private hasAsked = false
  // Of the last looks, of 256: the later, the more one counts.
  private found = 64
  private passed = 0

  /** Something was sent. */
  asked(): void {
    if (this.hasAsked) return
    this.hasAsked = true
    this.isLikely = this.found >= worthwhile || (this.passed += 1) > mostPassed
    if (this.isLikely) this.passed = 0
  }

  /** What a receive found. Whether that is an answer. */
  learn(isHere: boolean): boolean {
    if (!this.hasAsked) return false
    this.waited()
    this.found += ((isHere ? 256 : 0) - this.found) >> 3
    return isHere
  }

  /** Who waited looks again: what is here then came in its own time. */
  waited(): void {
    this.hasAsked = this.isLikely = false
  }
}
