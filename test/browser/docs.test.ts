/** `/docs` in a real browser that reaches nothing but the server: what somebody does who tries the API out. */
import { expect, test } from "bun:test"
import { type Browser, chromium, type Page } from "playwright-core"
import { cases } from "../actions/cases.ts"
import { type Served, tokens, withServed } from "../actions/served.ts"

/** A Chromium that starts. `.ci/run` installs one, so that CI fails without; elsewhere these tests are reported as skipped. */
const executable = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => Bun.which(name))
  .find((path) => path !== null && Bun.spawnSync([path, "--version"]).success)
const may_skip = executable === undefined && process.env.CI !== "true"

interface Visit {
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

const visit = async ({ url }: Served, body: (visit: Visit) => Promise<void>): Promise<void> => {
  const browser = await launch()
  const strayed: string[] = []
  const errors: string[] = []
  try {
    const page = await browser.newPage({ viewport: { width: 1_280, height: 1_400 } })
    const isOurs = (asked: string) => /^(data|blob):/.test(asked) || new URL(asked).origin === new URL(url).origin
    await page.context().route(
      ({ href }) => !isOurs(href),
      (route) => route.abort(),
    )
    page.on("request", (request) => void (isOurs(request.url()) || strayed.push(request.url())))
    page.on("console", (message) => void (message.type() === "error" && errors.push(message.text())))
    page.on("pageerror", (error) => void errors.push(error.message))
    await body({ page, strayed, errors })
  } finally {
    await browser.close()
  }
}

const login = async (page: Page, url: string, token: string): Promise<void> => {
  await page.goto(`${url}/docs`)
  await page.fill("#token", token)
  await page.click("form button")
}

test.skipIf(may_skip)("/docs in Chromium, without a network: log in, read, try a dry run", () =>
  withServed({}, (served) =>
    visit(served, async ({ page, strayed, errors }) => {
      await login(page, served.url, tokens.responder)
      await page.waitForSelector(".opblock")
      // Those that are run, and one that describes them.
      expect(await page.locator('.opblock [data-path^="/actions/"]').count()).toBe(Object.keys(cases).length + 1)

      await page.click("button.authorize")
      await page.fill(".auth-container input", tokens.responder)
      await page.click(".auth-btn-wrapper button[type=submit]")
      await page.click(".auth-btn-wrapper button.btn-done")

      const operation = page.locator(".opblock", { has: page.locator('[data-path="/actions/isolate_endpoints"]') })
      await operation.locator(".opblock-summary-control").click()
      await operation.locator("button.try-out__btn").click()
      await operation.locator('tr[data-param-name="dry_run"] select').selectOption("true")
      await operation.locator("button.execute").click()
      const answer = operation.locator(".live-responses-table .response .highlight-code code").first()
      await answer.waitFor()
      const said = JSON.parse((await answer.textContent()) ?? "")
      expect(said).toMatchObject({
        action: "isolate_endpoints",
        outcome: "dry_run",
        results: { requests: [{ method: "POST", url: expect.stringContaining("action_name=contain") }] },
      })

      expect(served.simulator.state.requests).toEqual([])
      expect(strayed).toEqual([])
      // The form comes with a 401, which Chromium takes for an error of the page.
      expect(errors).toEqual([expect.stringContaining("401 (Unauthorized)")])
    }),
  ),
)

test.skipIf(may_skip)("/docs in Chromium: a wrong token is told so; who leaves the server is seen", () =>
  withServed({}, (served) =>
    visit(served, async ({ page, strayed }) => {
      await login(page, served.url, "wrong-token-0001")
      expect(await page.textContent(".message")).toBe("This token is not known here.")
      expect(strayed).toEqual([])
      await expect(page.goto("http://elsewhere.test/")).rejects.toThrow()
      expect(strayed).toEqual(["http://elsewhere.test/"])
    }),
  ),
)
