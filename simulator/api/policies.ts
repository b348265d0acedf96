import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { Random } from "../events/random.ts"
import { company, world } from "../events/world.ts"
import { factOf } from "./facts.ts"
import { policy_properties } from "./filters.ts"
import { combined_policies, query_policies } from "./list-facts.ts"
import { pageOf } from "./pages.ts"
import { type ApiError, type Call, known, type Reply, serve } from "./serve.ts"
import { default_policy, type PolicyState } from "./state.ts"

const path = "/policy/entities/prevention/v1"
type Row = Readonly<Record<string, unknown>>

/** The settings that a policy has: a slider and two toggles stand for all. */
const settings_known: Readonly<Record<string, { name: string; type: "toggle" | "mlslider" }>> = {
  CloudAntiMalware: { name: "Cloud Anti-malware", type: "mlslider" },
  EndUserNotifications: { name: "Notify End Users", type: "toggle" },
  UnknownDetectionRelatedExecutables: { name: "Detection-Related Executables", type: "toggle" },
}

/** Prevention policies. */
export function policyRoutes(app: Hono, sim: SimContext): void {
  const { policies } = sim.api
  serve(app, sim, factOf("GET", path), ({ list }) => {
    const { found, errors } = known(policies, list, "policy")
    return reply(found, errors, 200)
  })
  const all = () => Object.values(policies).map(policyEntity)
  serve(app, sim, combined_policies, (call) => pageOf(all(), policy_properties, call, (policy) => policy))
  serve(app, sim, query_policies, (call) => pageOf(all(), policy_properties, call, ({ id }) => id))
  serve(app, sim, factOf("POST", path), (call) => create(sim, call))
  serve(app, sim, factOf("PATCH", path), (call) => update(sim, call))
  serve(app, sim, factOf("DELETE", path), (call) => remove(sim, call))
  serve(app, sim, factOf("POST", "/policy/entities/prevention-actions/v1"), (call) => act(sim, call))
}

/** All or nothing, and the refusal does not say which row was wrong. */
function create(sim: SimContext, { list, now }: Call): Reply {
  const { policies } = sim.api
  const rows = list as readonly Row[]
  const taken = new Set(Object.values(policies).map(nameKey))
  for (const row of rows) {
    if (typeof row.name !== "string" || !["Windows", "Mac", "Linux"].includes(String(row.platform_name))) {
      return refuse("name and platform_name are required")
    }
    if (taken.has(nameKey(row))) return refuse("a policy of this name exists")
    if (unknownSetting(row)) return refuse("unknown setting id")
    if (row.clone_id !== undefined && policies[String(row.clone_id)] === undefined) return refuse("unknown clone_id")
    taken.add(nameKey(row))
  }
  const created = rows.map((row): PolicyState => {
    sim.api.policies_made++
    return {
      id: new Random(1_000_000 + sim.api.policies_made).hex(32),
      platform_name: String(row.platform_name),
      created_ms: now,
      name: String(row.name),
      description: String(row.description ?? ""),
      enabled: false,
      modified_ms: now,
      groups: [],
      rule_groups: [],
      settings: { ...policies[String(row.clone_id)]?.settings, ...settingsOf(row) },
    }
  })
  for (const policy of created) policies[policy.id] = policy
  return reply(created, [], 201)
}

function update(sim: SimContext, { list, now }: Call): Reply {
  const rows = list as readonly Row[]
  if (rows.some(unknownSetting)) return refuse("unknown setting id")
  const ids = rows.map((row) => row.id)
  const { found, errors } = known(sim.api.policies, ids, "policy")
  for (const policy of found) {
    const row = rows.find(({ id }) => id === policy.id)!
    if (typeof row.name === "string") policy.name = row.name
    if (typeof row.description === "string") policy.description = row.description
    Object.assign(policy.settings, settingsOf(row))
    policy.modified_ms = now
  }
  return reply(found, errors, 200)
}

/** An enabled policy has to be disabled first, a Default stays (falcon-mcp). */
function remove(sim: SimContext, { list }: Call): Reply {
  const { policies } = sim.api
  const { found, errors } = known(policies, list, "policy")
  const removable = found.filter((policy) => policy.name !== default_policy && !policy.enabled)
  const kept = found.filter((policy) => !removable.includes(policy))
  for (const { id } of removable) delete policies[id]
  const refused = kept.map(({ id, name }): ApiError => {
    const message =
      name === default_policy ? "the default policy cannot be deleted" : "disable the policy before deleting it"
    return { code: 400, message, id }
  })
  const all = [...refused, ...errors]
  return { status: removable.length > 0 ? 200 : all[0]!.code, resources: removable.map(({ id }) => id), errors: all }
}

function act(sim: SimContext, { query, body, list, now }: Call): Reply {
  const action = query.get("action_name") ?? ""
  const parameters = Array.isArray(body.action_parameters) ? (body.action_parameters as readonly Row[]) : []
  // falconpy issue 1182, falcon-mcp issue 530 and pull request 540, PSFalcon: each kind of group has its own name.
  const wanted = action.endsWith("rule-group") ? "rule_group_id" : "group_id"
  const group = parameters.find(({ name }) => name === wanted)?.value
  if (action.endsWith("-group") && group === undefined) return refuse("Group action parameters must be provided")
  const deed = deedOf(action, group)
  if (deed === undefined) return refuse("invalid action_name or action_parameters")
  const { found, errors } = known(sim.api.policies, list, "policy")
  for (const policy of found) {
    deed(policy)
    policy.modified_ms = now
  }
  return reply(found, errors, 200)
}

function deedOf(action: string, group: unknown): ((policy: PolicyState) => void) | undefined {
  if (action === "enable" || action === "disable") {
    return (policy) => {
      policy.enabled = action === "enable"
    }
  }
  const [verb, kind] = action.split("-")
  if (typeof group !== "string" || !["add", "remove"].includes(verb!) || !["host", "rule"].includes(kind ?? "")) {
    return undefined
  }
  const key = kind === "host" ? "groups" : "rule_groups"
  return (policy) => {
    const others = policy[key].filter((id) => id !== group)
    policy[key] = verb === "add" ? [...others, group] : others
  }
}

function reply(found: readonly PolicyState[], errors: readonly ApiError[], success: number): Reply {
  return { status: found.length > 0 ? success : 404, resources: found.map(policyEntity), errors }
}

function refuse(message: string): Reply {
  return { status: 400, errors: [{ code: 400, message }], resources: [] }
}

function nameKey({ platform_name, name }: { platform_name?: unknown; name?: unknown }): string {
  return `${platform_name}/${name}`
}

function settingRows(row: Row): readonly Row[] {
  return Array.isArray(row.settings) ? row.settings : []
}

function unknownSetting(row: Row): boolean {
  return settingRows(row).some(({ id }) => settings_known[String(id)] === undefined)
}

function settingsOf(row: Row): PolicyState["settings"] {
  return Object.fromEntries(settingRows(row).map(({ id, value }) => [String(id), value as Row]))
}

function policyEntity(policy: PolicyState) {
  const off = { toggle: { enabled: false }, mlslider: { detection: "DISABLED", prevention: "DISABLED" } }
  return {
    id: policy.id,
    cid: company.cid,
    name: policy.name,
    description: policy.description,
    platform_name: policy.platform_name,
    enabled: policy.enabled,
    groups: policy.groups.map((id) => ({ id, name: world.host_groups.find((group) => group.id === id)?.name ?? id })),
    ioa_rule_groups: policy.rule_groups.map((id) => ({ id })),
    prevention_settings: [
      {
        name: "Settings",
        settings: Object.entries(settings_known).map(([id, { name, type }]) => ({
          id,
          name,
          type,
          value: policy.settings[id] ?? off[type],
        })),
      },
    ],
    created_by: "simulator",
    created_timestamp: new Date(policy.created_ms).toISOString(),
    modified_by: "simulator",
    modified_timestamp: new Date(policy.modified_ms).toISOString(),
  }
}
