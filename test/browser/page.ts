/** What the tests of the dashboard do with its page. */
import { readFileSync } from "node:fs"
import type { Page } from "playwright-core"

export const signIn = async (page: Page, url: string, token: string): Promise<void> => {
  await page.goto(url)
  await page.fill("#token", token)
  await page.click("button.primary")
  await page.waitForSelector(".figures")
}

interface Violation {
  readonly id: string
  readonly impact: string | null
  readonly nodes: readonly { readonly html: string }[]
}

/** What axe-core finds that is serious or critical. Its script is run by the browser itself, past the page's own policy. */
export const seriousIn = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8"))
  const violations = (await page.evaluate("axe.run().then(({ violations }) => violations)")) as readonly Violation[]
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`)
}
