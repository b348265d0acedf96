import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { caseEntity } from "./case-entity.ts"
import * as facts from "./cases-facts.ts"
import { type CaseState, makeCase, nextCase } from "./cases-state.ts"
import { case_properties } from "./filters.ts"
import { pageOf } from "./pages.ts"
import { type Call, type Reply, serve } from "./serve.ts"

const evidence_max = 100
const tags_chars_max = 128

/** Cases: searched, looked up, created, changed with versions, filled and merged. */
export function caseRoutes(app: Hono, sim: SimContext): void {
  serve(app, sim, facts.query_cases, (call) => search(sim, call))
  serve(app, sim, facts.get_cases, ({ list }) => ({
    // What is unknown is left out. The order is nobody's (falcon-mcp).
    resources: list
      .map((id) => sim.api.cases[String(id)])
      .filter((one) => one !== undefined)
      .reverse()
      .map((one) => caseEntity(sim, one)),
  }))
  serve(app, sim, facts.create_case, (call) => create(sim, call))
  serve(app, sim, facts.patch_case, (call) => patch(sim, call))
  serve(app, sim, facts.add_alerts, (call) => addEvidence(sim, call, "alerts"))
  serve(app, sim, facts.add_events, (call) => addEvidence(sim, call, "events"))
  serve(app, sim, facts.add_tags, (call) =>
    change(sim, call, ({ tags }) => {
      const all = [...new Set([...tags, ...call.list.map(String)])]
      return all.join("").length > tags_chars_max ? "too many characters of tags" : { tags: all }
    }),
  )
  serve(app, sim, facts.remove_tags, (call) =>
    change(sim, call, ({ tags }) => ({ tags: tags.filter((tag) => !call.list.includes(tag)) })),
  )
  serve(app, sim, facts.merge_cases, (call) => merge(sim, call))
}

function search(sim: SimContext, call: Call): Reply {
  const word = (call.query.get("q") ?? "").toLowerCase()
  const all = Object.values(sim.api.cases)
    .toSorted((one, other) => other.created_ms - one.created_ms)
    .map((one) => caseEntity(sim, one))
    .map((one) => ({ ...one, assigned_to_uuid: one.assigned_to?.uuid, assigned_to_name: one.assigned_to?.full_name }))
    .filter((one) => word === "" || JSON.stringify(one).toLowerCase().includes(word))
  return pageOf(all, case_properties, call, ({ id }) => id)
}

type Changes = Partial<Omit<CaseState, "id" | "reference_id" | "created_ms">>

/** Applies changes to the case that `id` names, or refuses with a text. */
function change(sim: SimContext, call: Call, changesOf: (one: CaseState) => Changes | string): Reply {
  const id = String(call.body.id ?? call.query.get("id"))
  const one = Object.hasOwn(sim.api.cases, id) ? sim.api.cases[id] : undefined
  if (one === undefined) return refuse(`case not found: ${id}`)
  if (one.merged_into !== undefined) return refuse(`case is read-only: ${id}`)
  const changes = changesOf(one)
  if (typeof changes === "string") return refuse(changes)
  Object.assign(one, changes, { version: one.version + 1, updated_ms: call.now })
  return { resources: [caseEntity(sim, one)] }
}

const statuses: readonly unknown[] = ["new", "in_progress", "closed", "reopened"]
const field_names: readonly string[] = ["name", "description", "severity", "status", "custom_fields"]

/** An id and values each (gofalcon `SdkCustomField`); falconjs sends the list with every change, empty where there is none. */
const isCustomFields = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one?.id === "string" && Array.isArray(one.values))

/** "If provided and mismatched, the update returns 409 Conflict" (falcon-mcp). */
function patch(sim: SimContext, call: Call): Reply {
  const { expected_version, fields = {}, id } = call.body
  const now = sim.api.cases[String(id)]?.version
  if (expected_version !== undefined && now !== undefined && expected_version !== now) {
    return { status: 409, errors: [{ code: 409, message: "version conflict" }], resources: [] }
  }
  return change(sim, call, () => changesOf(sim, fields as Readonly<Record<string, unknown>>))
}

function changesOf(sim: SimContext, fields: Readonly<Record<string, unknown>>): Changes | string {
  const { status, assigned_to_user_uuid: uuid, remove_user_assignment, template, ...rest } = fields
  if (status !== undefined && !statuses.includes(status)) return "invalid status"
  if (uuid !== undefined && !sim.people.console_users.some((user) => user.uuid === uuid)) return "unknown user"
  const unknown = Object.keys(rest).find((key) => !field_names.includes(key))
  if (unknown !== undefined) return `unknown field ${unknown}`
  if (rest.custom_fields !== undefined && !isCustomFields(rest.custom_fields)) return "invalid custom_fields"
  return {
    ...(rest as Changes),
    ...(status !== undefined && { status: String(status) }),
    ...(uuid !== undefined && { assigned_to_uuid: String(uuid) }),
    ...(remove_user_assignment === true && { assigned_to_uuid: undefined }),
    ...(template !== undefined && { template_id: idOf(template) }),
  }
}

const idOf = (value: unknown): string => String((value as { id?: unknown } | null)?.id)
const idsIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(idOf) : [])

function create(sim: SimContext, { body, now }: Call): Reply {
  const { template, tags, evidence, assigned_to_user_uuid, ...plain } = body
  const { alerts, events } = (evidence ?? {}) as { alerts?: unknown; events?: unknown }
  const held = { alerts: idsIn(alerts), events: idsIn(events) }
  const all_tags = Array.isArray(tags) ? tags.map(String) : []
  const name = String(plain.name ?? "")
  if (name === "" || name.length > 256) return refuse("name: 1 to 256 characters")
  if (all_tags.join("").length > tags_chars_max) return refuse("too many characters of tags")
  const why = whyNoEvidence(sim, held)
  if (why !== undefined) return refuse(why)
  const assigned = assigned_to_user_uuid === undefined ? {} : { assigned_to_user_uuid }
  const changes = changesOf(sim, { ...plain, ...assigned, ...(template !== undefined && { template }) })
  if (typeof changes === "string") return refuse(changes)
  const made = makeCase(nextCase(sim.api), now)
  Object.assign(made, changes, held, { tags: all_tags })
  sim.api.cases[made.id] = made
  return { resources: [caseEntity(sim, made)] }
}

/** All or nothing, and the refusal does not say which of the alerts is unknown. */
function whyNoEvidence(sim: SimContext, held: Pick<CaseState, "alerts" | "events">): string | undefined {
  if (held.alerts.length + held.events.length > evidence_max) return "too much evidence"
  const known = (id: string) => Object.hasOwn(sim.api.alerts, id) || sim.emitted().has(id)
  return held.alerts.every(known) ? undefined : "alert evidence cannot be found"
}

const addEvidence = (sim: SimContext, call: Call, kind: "alerts" | "events"): Reply =>
  change(sim, call, (one) => {
    const held = { alerts: one.alerts, events: one.events, [kind]: [...new Set([...one[kind], ...idsIn(call.list)])] }
    return whyNoEvidence(sim, held) ?? { [kind]: held[kind] }
  })

/** The answer has neither resources nor a count (gofalcon `MsaspecResponseFields`). The source stays to be read. */
function merge(sim: SimContext, { body, now }: Call): Reply {
  const [source, destination] = [body.source_id, body.destination_id].map((id) => sim.api.cases[String(id)])
  if (source === undefined || destination === undefined) return refuse("case not found")
  if (source === destination || source.merged_into !== undefined) return refuse("case cannot be merged")
  const held = {
    alerts: [...new Set([...destination.alerts, ...source.alerts])],
    events: [...new Set([...destination.events, ...source.events])],
  }
  if (held.alerts.length + held.events.length > evidence_max) return refuse("too much evidence")
  Object.assign(destination, held, { version: destination.version + 1, updated_ms: now })
  Object.assign(source, { status: "closed", merged_into: destination.id, version: source.version + 1, updated_ms: now })
  return {}
}

const refuse = (message: string): Reply => ({ status: 400, errors: [{ code: 400, message }], resources: [] })
