import { describe, expect, test } from "bun:test"
import { facts } from "../../simulator/api/facts.ts"
import type { AnyAction } from "../../src/core/actions/action.ts"
import { alerts } from "../../src/plugins/alerts/plugin.ts"
import { cases } from "../../src/plugins/cases/plugin.ts"
import { hosts } from "../../src/plugins/hosts/plugin.ts"
import { incidents } from "../../src/plugins/incidents/plugin.ts"
import { preventionPolicies } from "../../src/plugins/prevention-policies/plugin.ts"

const plugins = [alerts, hosts, cases, incidents, preventionPolicies]
const actions: readonly AnyAction[] = plugins.flatMap((plugin): readonly AnyAction[] => plugin.actions)

/** Slug and docker parameter of the specification's table. */
const specified: Readonly<Record<string, string>> = {
  add_new_comment_to_alert: "alert_add_comment",
  update_alert_status: "alert_update_status",
  get_alerts_v2: "get_alerts_v2",
  isolate_endpoints: "isolate_hosts",
  deisolate_endpoints: "deisolate_hosts",
  perform_host_action: "perform_host_action",
  get_device_details: "get_device_details",
  get_online_state: "get_online_state",
  query_device_login_history: "query_device_login_history",
  query_devices_by_filter: "query_devices_by_filter",
  get_incidents: "get_incidents",
  get_behaviors: "get_behaviors",
  get_prevention_policies: "get_prevention_policies",
  create_prevention_policies: "create_prevention_policies",
  update_prevention_policies: "update_prevention_policies",
  delete_prevention_policies: "delete_prevention_policies",
  perform_prevention_policy_action: "perform_prevention_policy_action",
}

test("the specification's actions are there, under both of their names", () => {
  expect(Object.fromEntries(actions.map(({ slug, alias }) => [slug, alias]))).toMatchObject(specified)
})

test("an action beyond the specification has one name", () => {
  const beyond = actions.filter(({ slug }) => specified[slug] === undefined)
  expect(beyond.map(({ alias }) => alias)).toEqual(beyond.map(({ slug }) => slug))
})

test.each(plugins.map((plugin) => [plugin.id, plugin] as const))(
  "%s asks for the scopes of its actions",
  (_, plugin) => {
    const wanted = new Set((plugin.actions as readonly AnyAction[]).flatMap(({ scopes }) => scopes))
    expect(new Set(plugin.scopes)).toEqual(wanted)
    expect(plugin.enabled_by_default).toBe(true)
  },
)

describe.each(actions.map((action) => [action.slug, action] as const))("%s", (_, action) => {
  test("has an example that its own arguments accept", () => {
    expect(action.arguments.safeParse(action.example).success).toBe(true)
  })

  test("describes every argument, and takes no other", () => {
    for (const argument of Object.values(action.arguments.shape) as { description?: string }[]) {
      expect(argument.description).toBeString()
    }
    expect(action.arguments.safeParse({ ...action.example, surprise: 1 }).success).toBe(false)
  })

  test("needs a scope that Falcon knows", () => {
    const scopes = facts.map(({ scope }) => scope)
    for (const scope of action.scopes) expect(scopes).toContain(scope)
    expect(action.scopes.some((scope: string) => scope.endsWith("Write"))).toBe(action.changes)
  })
})
