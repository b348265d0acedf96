import type { Hono } from "hono"
import type { SimContext } from "../context.ts"
import { Random } from "../events/random.ts"
import type { Fact } from "./fact.ts"
import { indicator_properties, isRefusal, readFilter } from "./filters.ts"
import * as facts from "./iocs-facts.ts"
import { aboutEffect, aboutValue, type Complaint, type IocRow } from "./iocs-rows.ts"
import * as list_facts from "./list-facts.ts"
import { type ApiError, type Call, type Reply, serve } from "./serve.ts"

/** An indicator; its other fields are as they were sent. */
interface IocState {
  readonly id: string
  readonly type: string
  readonly value: string
  readonly created_ms: number
  modified_ms: number
  fields: IocRow
}

/** A tenant's indicators, by id. */
interface Iocs {
  readonly by_id: Map<string, IocState>
  /** Ids by type and value, of which there is one each. */
  readonly by_key: Map<string, string>
  made: number
  reports: number
}

const meta = { powered_by: "ioc-manager" }
const offset_max = 10_000
const limit_default = 100

const actions: readonly IocRow[] = ["no_action", "allow", "detect", "prevent", "prevent_no_ui"].map((id) => ({
  id,
  platforms_by_type: Object.fromEntries(
    ["md5", "sha256", ...(id === "detect" || id === "no_action" ? ["domain", "ipv4", "ipv6"] : [])].map((type) => [
      type,
      ["windows", "mac", "linux"],
    ]),
  ),
  severities: id === "allow" || id === "no_action" ? [] : ["informational", "low", "medium", "high", "critical"],
}))

/** Indicators of compromise. */
export function iocRoutes(app: Hono, sim: SimContext): void {
  const iocs: Iocs = { by_id: new Map(), by_key: new Map(), made: 0, reports: 0 }
  serve(app, sim, facts.create, (call) => create(iocs, sim.settings.seed, call))
  serve(app, sim, facts.update, (call) => update(iocs, call))
  serve(app, sim, facts.remove, (call) => remove(iocs, call))
  serve(app, sim, facts.get, ({ list, now }) => {
    const ids = list.map(String)
    const found = ids.flatMap((id) => iocs.by_id.get(id) ?? []).map((one) => entity(one, now))
    const errors = ids.filter((id) => !iocs.by_id.has(id)).map(unknown)
    return { status: found.length === 0 ? 404 : 200, resources: found, errors, meta }
  })
  serve(app, sim, facts.combined, (call) => search(iocs, call, (one) => one))
  serve(app, sim, facts.query, (call) => search(iocs, call, (one) => one.id))
  serve(app, sim, facts.actions, ({ list }) => {
    const ids = list.map(String)
    const errors = ids.filter((id) => !actions.some((one) => one.id === id)).map(unknown)
    return { resources: actions.filter((one) => ids.includes(String(one.id))), errors, meta }
  })
  const words: readonly (readonly [Fact, readonly unknown[]])[] = [
    [list_facts.query_ioc_actions, actions.map(({ id }) => id)],
    [list_facts.query_ioc_types, ["md5", "sha256", "domain", "ipv4", "ipv6"]],
    [list_facts.query_ioc_platforms, ["windows", "mac", "linux", "android", "ios"]],
    [list_facts.query_ioc_severities, ["informational", "low", "medium", "high", "critical"]],
  ]
  for (const [fact, resources] of words) {
    serve(app, sim, fact, () => ({ resources, meta: paging({ total: resources.length }) }))
  }
  serve(app, sim, facts.report, ({ body }) => {
    const wanted = body.search as IocRow | undefined
    const missing = ["filter", "query", "sort"].filter((key) => typeof wanted?.[key] !== "string")
    if (missing.length > 0) return refuse(`search: ${missing.join(", ")} required`)
    iocs.reports++
    return { resources: [new Random(3_000_000 + iocs.reports).hex(32)], meta }
  })
}

/** All or nothing: one bad row, and none is created; the rows that are wrong are explained among the resources. */
function create(iocs: Iocs, seed: number, { list, query, now }: Call): Reply {
  const rows = list as readonly IocRow[]
  const seen = new Set<string>()
  const complaints = rows.map((row) => {
    const key = keyOf(row)
    const twice = iocs.by_key.has(key) || seen.has(key)
    seen.add(key)
    const found = [...aboutValue(row), ...aboutEffect(row, now)]
    return twice ? [...found, duplicate(row)] : found
  })
  const refused = refusal(rows, complaints, query)
  if (refused !== undefined) return refused
  const created = rows.map((row): IocState => {
    iocs.made++
    const { type, value, ...fields } = row
    const id = new Random(seed * 1_000_003 + iocs.made).hex(64)
    const one = { id, type: String(type), value: String(value), created_ms: now, modified_ms: now, fields }
    iocs.by_id.set(id, one)
    iocs.by_key.set(keyOf(row), id)
    return one
  })
  return { resources: created.map((one) => entity(one, now)), meta: paging({ limit: 0, total: created.length }) }
}

/** All or nothing as well. Type and value stay. */
function update(iocs: Iocs, { list, query, now }: Call): Reply {
  const rows = list as readonly IocRow[]
  const complaints = rows.map((row): readonly Complaint[] => {
    const one = iocs.by_id.get(String(row.id))
    if (one === undefined) return [{ field_name: "id", message: "Indicator not found", message_type: "error" }]
    const expiration = row.expiration === undefined ? { expiration: undefined } : {}
    return aboutEffect({ ...one.fields, ...scope(row), ...row, type: one.type, value: one.value, ...expiration }, now)
  })
  const refused = refusal(rows, complaints, query)
  if (refused !== undefined) return refused
  const changed = rows.map((row) => {
    const one = iocs.by_id.get(String(row.id))!
    const { id: _, type: __, value: ___, ...fields } = row
    one.fields = { ...one.fields, ...scope(row), ...fields }
    one.modified_ms = now
    return entity(one, now)
  })
  return { resources: changed, meta: paging({ limit: 0, total: changed.length }) }
}

/** All hosts in place of some. */
const scope = (row: IocRow): IocRow => (row.applied_globally === true ? { host_groups: [] } : {})

/** `filter` wins over `ids`. */
function remove(iocs: Iocs, { query, now }: Call): Reply {
  const filtered = (query.get("filter") ?? "") !== ""
  const filter = readFilter(query, indicator_properties, now)
  if (isRefusal(filter)) return { ...filter, meta }
  const wanted = filtered
    ? [...iocs.by_id.values()].filter((one) => filter.matches(entity(one, now))).map(({ id }) => id)
    : [...new Set(query.getAll("ids"))]
  if (!filtered && wanted.length === 0) return refuse("ids or filter required")
  const deleted = wanted.filter((id) => iocs.by_id.has(id))
  for (const id of deleted) {
    iocs.by_key.delete(keyOf(iocs.by_id.get(id)!))
    iocs.by_id.delete(id)
  }
  const gone = new Set(deleted)
  return { resources: deleted, errors: wanted.filter((id) => !gone.has(id)).map(unknown), meta }
}

type Entity = ReturnType<typeof entity>

/** By position: who deletes while paging misses what moved up. */
function search(iocs: Iocs, { query, now }: Call, shown: (one: Entity) => unknown): Reply {
  const filter = readFilter(query, indicator_properties, now)
  if (isRefusal(filter)) return { ...filter, meta }
  const offset = query.get("offset")
  const after = query.get("after")
  const limit = Number(query.get("limit") ?? limit_default)
  if (offset !== null && after !== null) return refuse("offset and after are mutually exclusive")
  if (!(limit >= 1 && limit <= 2_000)) return refuse("limit must be between 1 and 2000")
  if (Number(offset) > offset_max) return refuse(`offset must not exceed ${offset_max}`)
  const start = Number(after === null ? (offset ?? 0) : /^\d+:(\d+)$/.exec(after)?.[1])
  if (!Number.isInteger(start)) return refuse("invalid after or offset")
  const found = [...iocs.by_id.values()].map((one) => entity(one, now)).filter(filter.matches)
  sorted(found, query.get("sort"))
  const end = start + limit
  const more = offset === null && end < found.length
  const next = more ? { after: `${Math.floor(now)}000000:${end}` } : {}
  const position = offset === null ? {} : { offset: end }
  return {
    resources: found.slice(start, end).map(shown),
    meta: paging({ limit, total: found.length, ...position, ...next }),
  }
}

function sorted(found: Entity[], sort: string | null): void {
  const [property, direction = "asc"] = (sort ?? "").split(/[.|]/)
  if (property === undefined || property === "") return
  const text = (one: Entity) => String((one as IocRow)[property] ?? "")
  found.sort((one, other) => text(one).localeCompare(text(other)) * (direction === "desc" ? -1 : 1))
}

function entity({ id, type, value, created_ms, modified_ms, fields }: IocState, now: number) {
  const { expiration } = fields
  return {
    id,
    type,
    value,
    // Recorded with every file's hash.
    ...(type === "sha256" && { metadata: { signed: false, av_hits: -1 } }),
    ...fields,
    expired: expiration !== undefined && Date.parse(String(expiration)) <= now,
    deleted: false,
    from_parent: false,
    created_on: new Date(created_ms).toISOString(),
    created_by: "simulated-client",
    modified_on: new Date(modified_ms).toISOString(),
    modified_by: "simulated-client",
  }
}

/** The refusal of a whole call, when any row gives cause. */
function refusal(
  rows: readonly IocRow[],
  complaints: readonly (readonly Complaint[])[],
  query: URLSearchParams,
): Reply | undefined {
  const lenient = query.get("ignore_warnings") === "true"
  const explained = rows.flatMap(({ id, type, value }, at) =>
    (complaints[at] ?? [])
      .filter(({ message_type }) => message_type === "error" || !lenient)
      .map((complaint) => ({ row: at + 1, id, type, value, ...complaint })),
  )
  if (explained.length === 0) return undefined
  return { ...refuse(`${explained.length} problems with the indicators, see resources`), resources: explained }
}

const duplicate = ({ type, value }: IocRow): Complaint => ({
  field_name: "value",
  message: `Duplicate type: '${type}' and value: '${value}' combination.`,
  message_type: "error",
})

const keyOf = ({ type, value }: { type?: unknown; value?: unknown }) => `${type}:${value}`.toLowerCase()
const unknown = (id: string): ApiError => ({ code: 404, message: "Resource not found", id })
const paging = (pagination: Readonly<Record<string, unknown>>) => ({ ...meta, pagination })
const refuse = (message: string): Reply => ({ status: 400, errors: [{ code: 400, message }], resources: [], meta })
