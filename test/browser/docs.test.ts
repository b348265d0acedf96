/** `/docs` in a real browser that reaches nothing but the server: what somebody does who tries the API out. */
import { expect, test } from "bun:test"
import type { Page } from "playwright-core"
import { cases } from "../actions/cases.ts"
import { tokens, withServed } from "../actions/served.ts"
import { may_skip, visit } from "./chromium.ts"

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

      // Every start asks for a token; a dry run asks for nothing.
      expect(served.simulator.state.requests.filter(({ path }) => path !== "/oauth2/token")).toEqual([])
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
