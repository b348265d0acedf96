/** The dashboard in a real browser that reaches nothing but the server: what an operator does with it. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import type { Page } from "playwright-core"
import { dashboardFiles } from "../../scripts/dashboard.ts"
import { folded } from "../../src/dashboard/words.ts"
import { type Served, tokens, withServed } from "../actions/served.ts"
import { may_skip, visit } from "./chromium.ts"
import { seriousIn, signIn } from "./page.ts"

const aid = "0123456789abcdef0123456789abcdef"

const go = async (page: Page, { url }: Served, view: string, wait_for: string): Promise<void> => {
  await page.goto(`${url}/#/${view}`)
  await page.waitForSelector(wait_for)
}

test("what several partitions say alike is said once", () => {
  const blocked = "delivery: intake blocked: the intake answered 503: one; two"
  expect(folded(`partition 0, ${blocked}; partition 1, ${blocked}; partition 2: no byte for 120 s`)).toEqual([
    `partitions 0, 1, ${blocked}`,
    "partition 2: no byte for 120 s",
  ])
  expect(folded("hosts: 401")).toEqual(["hosts: 401"])
})

describe("the files of the dashboard", () => {
  test("are what its sources make; `bun run dashboard` writes them anew", async () => {
    expect(readFileSync("src/api/dashboard-files.ts", "utf8") === (await dashboardFiles())).toBe(true)
  })

  test("are all of it, stay under 300 kB, and are let through by a policy without inline scripts and styles", () =>
    withServed({}, async ({ ask }) => {
      const page = await ask("/", { headers: { accept: "text/html" } })
      expect(page.status).toBe(401)
      const policy = page.headers.get("content-security-policy")!
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
      expect(policy).not.toContain("unsafe")
      const parts = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!)
      expect(parts).toHaveLength(2)
      const sizes = await Promise.all(parts.map(async (path) => (await ask(path)).text.length))
      expect(page.text.length + sizes[0]! + sizes[1]!).toBeLessThan(300_000)
      expect((await ask("/")).status).toBe(401)
      expect((await ask("/", { token: tokens.reader })).status).toBe(200)
    }))
})

test.skipIf(may_skip)(
  "the dashboard in Chromium: sign in, look, try an isolation dry, confirm it by its count, find it in the audit log",
  () =>
    withServed({}, (served) =>
      visit(served, async ({ page, strayed, errors }) => {
        await page.goto(served.url)
        // The field has the focus: a keyboard is enough to get in.
        await page.waitForSelector("#token:focus")
        await page.keyboard.type("a-token-that-nobody-has\n")
        await page.waitForSelector("[role=alert]")
        expect(await page.textContent("[role=alert]")).toBe("This token is not known here.")
        expect(await seriousIn(page)).toEqual([])

        await signIn(page, served.url, tokens.admin)
        expect(await page.textContent(".live")).toContain("Live")
        for (const theme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme: theme })
          expect(await seriousIn(page)).toEqual([])
        }

        await go(page, served, "actions", "input[type=search]")
        await page.fill("input[type=search]", "isolate hosts")
        expect(await page.locator(".actions li").count()).toBe(2)
        expect(await seriousIn(page)).toEqual([])
        await page.click('a[href="#/actions/isolate_endpoints"]')
        await page.fill("#argument-ids", `${aid}\n${aid.replace("0", "f")}`)
        expect(await page.isDisabled("button.danger")).toBe(true)
        await page.click("text=Dry run")
        await page.click("dialog button.primary")
        await page.waitForSelector(".requests")
        expect(await page.textContent(".requests")).toContain("action_name=contain")
        const before = served.simulator.state.requests.length

        await page.click("form > .buttons button.danger")
        const run = page.locator("dialog button.danger")
        expect(await run.isDisabled()).toBe(true)
        await page.fill("dialog input", "3")
        expect(await run.isDisabled()).toBe(true)
        expect(served.simulator.state.requests.length).toBe(before)
        await page.fill("dialog input", "2")
        expect(await seriousIn(page)).toEqual([])
        await run.click()
        await page.waitForSelector("dialog", { state: "detached" })
        await page.waitForSelector(".failure, .result")
        await go(page, served, "audit", "table")
        expect(await page.textContent("tbody tr")).toContain("isolate_endpoints")

        // A phone, and the keyboard.
        await page.setViewportSize({ width: 390, height: 844 })
        for (const view of ["", "actions/isolate_endpoints", "dead-letters", "approvals", "audit"]) {
          await go(page, served, view, "nav a[aria-current]")
          expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true)
          expect(await seriousIn(page)).toEqual([])
        }
        expect(strayed).toEqual([])
        // The page comes with a 401 to whoever is not signed in, and so does a wrong token: Chromium takes both for errors.
        expect(errors.filter((error) => !/40[14]|50[0-9]/.test(error))).toEqual([])
      }),
    ),
)

test.skipIf(may_skip)(
  "the dashboard in Chromium: a reload keeps the session for reading, and asks for the token again before it acts; who may not act is told so",
  () =>
    withServed({}, (served) =>
      visit(served, async ({ page }) => {
        await signIn(page, served.url, tokens.responder)
        await page.reload()
        await go(page, served, "actions/get_device_details", "#argument-ids")
        await page.fill("#argument-ids", aid)
        await page.click("form > .buttons button.primary")
        expect(await page.locator("dialog input[type=password]").count()).toBe(1)
        await page.keyboard.press("Escape")
        await page.waitForSelector("dialog", { state: "detached" })

        await page.click("text=Sign out")
        await page.waitForSelector("#token")
        await signIn(page, served.url, tokens.reader)
        await go(page, served, "actions/get_device_details", "#argument-ids")
        expect(await page.isDisabled("form > .buttons button.primary")).toBe(true)
        expect(await page.textContent("main")).toContain("takes the role responder")
      }),
    ),
)
