import { type Fiber, Scheduler } from "effect"

/** Calls `act` before the fiber's operation after so many. */
export class ActAfter implements Scheduler.Scheduler {
  hasActed = false

  constructor(
    private operations: number,
    private readonly act: () => void
  ) {}

  shouldYield(): number | false {
    if (this.operations-- === 0) {
      this.hasActed = true
      this.act()
    }
    return false
  }

  scheduleTask(task: Scheduler.Task, priority: number, fiber?: Fiber.RuntimeFiber<unknown, unknown>): void {
    Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
  }
}
