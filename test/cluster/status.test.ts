/** Who of a cluster runs what, as people see it: the answer of the API, the terminal, the page in a browser. */
import { expect, test } from "bun:test"
import { Effect } from "effect"
import { status_report } from "../../src/api/status/schema.ts"
import { statusLines } from "../../src/cli/operate/screen.ts"
import { type Served, tokens, withServed } from "../actions/served.ts"
import { may_skip, visit } from "../browser/chromium.ts"
import { seriousIn, signIn } from "../browser/page.ts"
import { clusterUrl } from "../support/cluster-database.ts"
import { onRealClock } from "../support/effect.ts"
import { has_postgres, no_postgres, postgres } from "../support/postgres.ts"

const other = "10.0.0.8:34431"
const gone = "10.0.0.9:34431"

/** A process that only answers, beside one that has a stream of 120.5 events a second, and units of one that is gone. Their rows are as such processes leave them; that of the other one stays young. */
const withCluster = (body: (served: Served, rows: (statement: string) => string) => Promise<void>) =>
  onRealClock(
    Effect.gen(function* () {
      const database_url = yield* clusterUrl
      const { run } = yield* Effect.promise(postgres)
      run(
        database_url,
        `INSERT INTO akonis_processes (process, runner, version, works, seen_at, events_per_s)
         VALUES (gen_random_uuid(), '${other}', '9.9.9', true, now() + interval '1 hour', '{"acme/event-stream": 120.5}');
         INSERT INTO akonis_units (unit, epoch, runner, claimed_at) VALUES
           ('acme/event-stream', 3, '${other}', '2026-11-01T10:00:00Z'), ('acme/device-assets', 1, '${gone}', now()),
           ('secret/event-stream', 1, '${other}', now())`,
      )
      const cluster = { database_url, runner_host: "10.0.0.7", runner_port: 34_431 }
      const options = { cluster, tenants: ["acme", "secret"], bound: { reader: ["acme"] } }
      yield* Effect.promise(() =>
        withServed(options, (served) => body(served, (statement) => run(database_url, statement))),
      )
    }),
  )

const named = (sentence: string, skips: boolean) => (skips ? `${sentence} ${no_postgres}` : sentence)

const told = "who of a cluster runs what is told by every process, to each caller of its own tenants"
test.skipIf(!has_postgres)(named(told, !has_postgres), () =>
  withCluster(async ({ ask }) => {
    const report = status_report.parse((await ask("/status", { token: tokens.reader })).body)
    expect(report.cluster).toMatchObject({
      process: "10.0.0.7:34431",
      trouble: "",
      processes: [
        { process: "10.0.0.7:34431", works: false },
        { process: other, works: true, version: "9.9.9" },
      ],
      units: [
        { tenant: "acme", plugin: "device-assets", process: gone, seen_s: null, events_per_s: null },
        { tenant: "acme", plugin: "event-stream", process: other, epoch: 3, events_per_s: 120.5 },
      ],
    })
    const lines = statusLines(report, { columns: 400, colour: false, long: false })
    const seen = `last sign ${report.cluster!.processes[1]!.seen_s.toFixed(1)} s ago`
    expect(lines).toContain(`process ${other}: 1 unit   121 events/s   ${seen}`)
    expect(lines).toContain(`▲ acme/device-assets: its process ${gone} is gone`)
    expect(lines).toContain(`event-stream runs on ${other} since 2026-11-01 10:00:00 UTC   121 events/s`)
    const admin = status_report.parse((await ask("/status", { token: tokens.admin })).body)
    expect(admin.cluster!.units.length).toBe(3)
  }),
)

const paced = "a call of Falcon takes of the one budget that all processes have for the tenant"
test.skipIf(!has_postgres)(named(paced, !has_postgres), () =>
  withCluster(async ({ ask }, rows) => {
    const body = { limit: 1 }
    const call = { method: "POST", token: tokens.responder, body }
    expect((await ask("/tenants/acme/actions/search_alerts", call)).status).toBe(200)
    expect(rows("SELECT tenant FROM akonis_rates WHERE leases <> '{}'")).toBe("acme")
  }),
)

const shown = "who of a cluster runs what is shown by the dashboard in Chromium, on a phone, too"
test.skipIf(may_skip || !has_postgres)(named(shown, !has_postgres), () =>
  withCluster((served) =>
    visit(served, async ({ page }) => {
      await signIn(page, served.url, tokens.reader)
      const rowOf = (text: string) => page.locator("tr", { hasText: text }).first().locator("td").allTextContents()
      expect(await rowOf("event-stream")).toEqual([
        other,
        expect.stringMatching(/^[\d.]+ s ago$/),
        expect.stringContaining("ago"),
        "2",
        "121",
      ])
      expect((await rowOf("device-assets")).slice(0, 2)).toEqual([gone, "gone"])
      expect(await rowOf("(this one)")).toContain("takes none")
      expect(await page.getByText("secret").count()).toBe(0)
      expect(await seriousIn(page)).toEqual([])
      await page.setViewportSize({ width: 390, height: 844 })
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true)
      expect(await seriousIn(page)).toEqual([])
    }),
  ),
)
