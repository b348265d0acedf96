/** The API as a typed client sees it: what must not compile is checked by the type check of the whole project. */
import { expect, test } from "bun:test"
import { hc } from "hono/client"
import type { ShippedAction } from "../../src/plugins/index.ts"
import type { AppType } from "../../src/server.ts"
import { tokens, withServed } from "./served.ts"

test("the typed client runs an action", () =>
  withServed({}, async ({ url }) => {
    const client = hc<AppType>(url, { headers: { authorization: `Bearer ${tokens.responder}` } })
    const found = await client.actions.query_devices_by_filter.$post({ json: { limit: 2 } })
    expect(found.status).toBe(200)
    if (found.status !== 200) return
    const { counts, results } = await found.json()
    expect(counts.succeeded).toBe(2)
    const ids = "resources" in results ? (results.resources as string[]) : []
    const tried = await client.actions.isolate_endpoints.$post({ json: { ids }, query: { dry_run: "true" } })
    expect(tried.ok && (await tried.json()).outcome).toBe("dry_run")
  }))

test("the same below a tenant", () =>
  withServed({ tenants: ["acme", "umbrella"] }, async ({ url }) => {
    const client = hc<AppType>(url, { headers: { authorization: `Bearer ${tokens.responder}` } })
    const { query_devices_by_filter } = client.tenants[":id"].actions
    const found = await query_devices_by_filter.$post({ param: { id: "acme" }, json: { limit: 1 } })
    expect(found.status).toBe(200)
  }))

/** Never run: only has to be wrong. */
export const wrong = (client: ReturnType<typeof hc<AppType>>) => [
  // @ts-expect-error ids are a list
  client.actions.isolate_endpoints.$post({ json: { ids: "one" } }),
  // @ts-expect-error there is no such argument
  client.actions.isolate_endpoints.$post({ json: { ids: [], more: 1 } }),
  // @ts-expect-error ids are needed
  client.actions.isolate_endpoints.$post({ json: {} }),
  // @ts-expect-error there is no such status
  client.actions.update_alert_status.$post({ json: { ids: [], new_status: "gone" } }),
  // @ts-expect-error there is no such action
  client.actions.format_disk,
]

/** Does not compile once one plugin's list of actions is wider than what it holds: then any text would be a slug. */
export const slugs_are_known: string extends ShippedAction["slug"] ? false : true = true
