/**
 * First in, first out, without moving what is inside. One item alone, which is what nearly all hold nearly always, stands
 * in a field: no array is made for it, and an empty one keeps none.
 */
export class Fifo<A> {
  private first: A | undefined = undefined
  private others: Array<A> | undefined = undefined
  /** How many of the others were given. */
  private head = 0

  get size(): number {
    if (this.first === undefined) return 0
    return this.others === undefined ? 1 : 1 + this.others.length - this.head
  }

  push(item: A): void {
    if (this.first === undefined) this.first = item
    else if (this.others === undefined) this.others = [item]
    else this.others.push(item)
  }

  /** What comes next; it stays. */
  peek(): A | undefined {
    return this.first
  }

  shift(): A | undefined {
    const { first, others } = this
    this.first = others?.[this.head]
    if (others === undefined) return first
    if (++this.head >= others.length) {
      this.others = undefined
      this.head = 0
    } else if (this.head >= 64 && this.head * 2 >= others.length) {
      this.others = others.slice(this.head)
      this.head = 0
    }
    return first
  }

  /** Drops everything. */
  clear(): void {
    this.first = this.others = undefined
    this.head = 0
  }
}
