/** A Chromium that reaches nothing but the server under test. */
import { type Browser, chromium, type Page } from "playwright-core"
import type { Served } from "../actions/served.ts"

/** A Chromium that starts. `.ci/run` installs one, so that CI fails without; elsewhere these tests are reported as skipped. */
const executable = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => Bun.which(name))
  .find((path) => path !== null && Bun.spawnSync([path, "--version"]).success)
export const may_skip = executable === undefined && process.env.CI !== "true"

export interface Visit {
  readonly page: Page
  /** Requests to any other origin than the server's. All are blocked. */
  readonly strayed: readonly string[]
  /** Errors of the console and of scripts. */
  readonly errors: readonly string[]
}

const launch = (): Promise<Browser> => {
  if (executable == null) throw new Error("no chromium, chromium-browser or google-chrome starts on this machine")
  return chromium.launch({
    executablePath: executable,
    chromiumSandbox: false,
    // No name has an address, so that not even the browser itself gets outside.
    args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
  })
}

/** One for all tests; it ends with their process. */
let shared: Promise<Browser> | undefined

/** Opens a window of its own on the server, without anything that another one has kept, and closes it again. */
export const visit = async ({ url }: Pick<Served, "url">, body: (visit: Visit) => Promise<void>): Promise<void> => {
  shared ??= launch()
  const context = await (await shared).newContext({ viewport: { width: 1_280, height: 1_400 } })
  const strayed: string[] = []
  const errors: string[] = []
  try {
    const page = await context.newPage()
    const isOurs = (asked: string) => /^(data|blob):/.test(asked) || new URL(asked).origin === new URL(url).origin
    await context.route(
      ({ href }) => !isOurs(href),
      (route) => route.abort(),
    )
    page.on("request", (request) => void (isOurs(request.url()) || strayed.push(request.url())))
    page.on("console", (message) => void (message.type() === "error" && errors.push(message.text())))
    page.on("pageerror", (error) => void errors.push(error.message))
    await body({ page, strayed, errors })
  } finally {
    await context.close()
  }
}
