/** The API as a typed client sees it: what must not compile is checked by the type check of the whole project. */
import { expect, test } from "bun:test"
import { hc } from "hono/client"
import { makeRegistry } from "../../src/core/actions/registry.ts"
import { plugins, type ShippedAction } from "../../src/plugins/index.ts"
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

/** Every slug that the type knows; one too few or too many does not compile. */
const typed: Readonly<Record<ShippedAction["slug"], true>> = {
  add_new_comment_to_alert: true,
  update_alert_status: true,
  get_alerts_v2: true,
  update_alerts: true,
  search_alerts: true,
  isolate_endpoints: true,
  deisolate_endpoints: true,
  perform_host_action: true,
  get_device_details: true,
  get_online_state: true,
  query_device_login_history: true,
  query_devices_by_filter: true,
  get_hosts_by_name: true,
  tag_hosts: true,
  untag_hosts: true,
  lift_filesystem_containment: true,
  search_cases: true,
  get_cases: true,
  create_case: true,
  update_case: true,
  close_case: true,
  add_case_alerts: true,
  add_case_events: true,
  add_case_tags: true,
  remove_case_tags: true,
  merge_cases: true,
  get_incidents: true,
  get_behaviors: true,
  block_ioc: true,
  monitor_ioc: true,
  push_iocs_for_prevention: true,
  push_iocs_for_detection: true,
  search_indicators: true,
  get_indicators: true,
  create_indicators: true,
  update_indicators: true,
  delete_indicators: true,
  get_ioc_actions: true,
  get_indicators_report: true,
  get_prevention_policies: true,
  create_prevention_policies: true,
  update_prevention_policies: true,
  delete_prevention_policies: true,
  perform_prevention_policy_action: true,
}

test("the type knows every action that ships", () => {
  const { actions } = makeRegistry(plugins.map((plugin) => ({ plugin })))
  expect(Object.keys(typed).sort()).toEqual(actions.map(({ slug }) => slug).sort())
})
