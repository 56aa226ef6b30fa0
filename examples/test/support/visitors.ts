// Somebody in front of a browser: what people do with a page, found as they find it, by labels and roles.
import { Context, Effect, Layer } from "effect"
import { type Browser, chromium, type Page } from "playwright-core"

const launch = Effect.promise(() => {
  const executablePath = process.env["CHROMIUM"]
  if (executablePath === undefined) throw new Error("npm run test:browser says where the browser is")
  // As root Chromium has no sandbox; as anybody else it has.
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 })
})

/** One browser for all tests of a file. */
export class Chromium extends Context.Tag("examples/Chromium")<Chromium, Browser>() {
  static readonly layer = Layer.scoped(
    Chromium,
    Effect.acquireRelease(launch, (browser) => Effect.promise(() => browser.close()))
  )
}

export class Visitor {
  /** Whatever the page's console had to complain of, and errors that nobody caught. */
  readonly problems: Array<string> = []

  constructor(readonly page: Page) {
    page.setDefaultTimeout(20_000)
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.problems.push(message.text())
    })
    page.on("pageerror", (error) => this.problems.push(String(error)))
  }

  joins(name: string) {
    return Effect.promise(async () => {
      await this.page.getByLabel("Your name").fill(name)
      await this.page.getByRole("button", { name: "Join" }).click()
    })
  }

  says(text: string) {
    return Effect.promise(async () => {
      await this.page.getByLabel("Message", { exact: true }).fill(text)
      await this.page.keyboard.press("Enter")
    })
  }

  leaves() {
    return Effect.promise(() => this.page.getByRole("button", { name: "Leave" }).click())
  }

  /** Waits for the message, the words exactly. */
  hears(words: string) {
    return this.shown(this.page.getByRole("log", { name: "Messages" }).getByText(words, { exact: true }))
  }

  readsStatus(words: string) {
    return this.shown(this.page.getByRole("status").getByText(words, { exact: true }))
  }

  /** Waits for the last of the names to be shown, and gives all. */
  seesNames(last: string) {
    const names = this.page.getByRole("list", { name: "Here" }).getByRole("listitem")
    return Effect.zipRight(
      this.shown(names.last().getByText(last, { exact: true })),
      Effect.promise(() => names.allTextContents())
    )
  }

  seesNameGo(name: string) {
    const gone = this.page.getByRole("list", { name: "Here" }).getByText(name, { exact: true })
    return Effect.promise(() => gone.waitFor({ state: "detached" }))
  }

  /** Waits for the frame, on the first WebSocket that the page opens from now on. */
  sends(frame: string) {
    const opened = this.page.waitForEvent("websocket")
    return Effect.promise(async () => {
      const socket = await opened
      await socket.waitForEvent("framesent", ({ payload }) => payload === frame)
    })
  }

  private shown(what: ReturnType<Page["locator"]>) {
    return Effect.promise(() => what.waitFor())
  }
}

/** Opens the page in a profile of its own. */
export const visit = (url: string) =>
  Effect.gen(function* () {
    const browser = yield* Chromium
    const context = yield* Effect.acquireRelease(
      Effect.promise(() => browser.newContext()),
      (context) => Effect.promise(() => context.close())
    )
    const visitor = new Visitor(yield* Effect.promise(() => context.newPage()))
    yield* Effect.promise(() => visitor.page.goto(url))
    return visitor
  })
