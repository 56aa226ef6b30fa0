/** First in, first out, without moving what is inside. */
export class Fifo<A> {
  private items: Array<A> = []
  private head = 0

  get size(): number {
    return this.items.length - this.head
  }

  push(item: A): void {
    this.items.push(item)
  }

  /** What comes next; it stays. */
  peek(): A | undefined {
    return this.items[this.head]
  }

  shift(): A | undefined {
    const item = this.items[this.head]
    if (item === undefined) return undefined
    if (++this.head === this.items.length) {
      this.items = []
      this.head = 0
    } else if (this.head >= 64 && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }

  /** Takes everything out. */
  clear(): Array<A> {
    const items = this.items.slice(this.head)
    this.items = []
    this.head = 0
    return items
  }
}
