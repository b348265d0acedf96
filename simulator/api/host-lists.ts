import type { SimContext } from "../context.ts"
import { device_properties, isRefusal, readFilter } from "./filters.ts"
import type { Call, Reply } from "./serve.ts"

const cursor_life_ms = 120_000
const page_max = 10_000
const cursors_kept = 16

/** The ids of hosts, in pages of up to 10,000, linked by a text that is good for two minutes. */
export function scroll(sim: SimContext, call: Call): Reply {
  const page = pageOf(sim, call)
  if ("status" in page) return page
  const { rows, total, limit, next, expires_at } = page
  return {
    resources: rows.map((row) => sim.inventory.id(row)),
    meta: { pagination: { offset: next, limit, total, expires_at } },
  }
}

/** Whole hosts in pages of up to 10,000, linked by a text that comes as `next` and is good for two minutes. */
export function combined(sim: SimContext, call: Call): Reply {
  const page = pageOf(sim, call)
  if ("status" in page) return page
  const { rows, total, limit, next, expires_at } = page
  return {
    resources: rows.map((row) => sim.inventory.entity(row, call.now)),
    meta: { pagination: { offset: next, next, previous: "", limit, total, expires_at } },
  }
}

const window_max = 10_000
const plain_page_max = 5_000

/**
 * The ids of hosts by position: `offset` is a number, and comes back as that of the next page (falconpy's sample
 * `offset_vs_token`). What lies beyond the first 10,000 is out of reach.
 */
export function query(sim: SimContext, call: Call): Reply {
  const offset = Number(call.query.get("offset") ?? 0)
  const limit = Number(call.query.get("limit") ?? 100)
  if (!(limit >= 1 && limit <= plain_page_max)) return refuse(`limit: 1 to ${plain_page_max}`)
  if (!(Number.isInteger(offset) && offset >= 0)) return refuse("offset: a number is required")
  if (offset + limit > window_max) return refuse("limit + offset must be less than 10000")
  const rows = listRows(sim, call.query, call.now)
  if (!(rows instanceof Uint32Array)) return rows
  const page = [...rows.subarray(offset, offset + limit)]
  return {
    resources: page.map((row) => sim.inventory.id(row)),
    meta: { pagination: { offset: offset + page.length, limit, total: rows.length } },
  }
}

interface Page {
  readonly rows: readonly number[]
  readonly total: number
  readonly limit: number
  /** Empty on the last page. */
  readonly next: string
  readonly expires_at: number
}

/** Rows as they were when the first page was asked for, so that nothing shifts under a reader. */
const snapshots = new WeakMap<SimContext, Map<string, Uint32Array>>()

function pageOf(sim: SimContext, { query, now }: Call): Page | (Reply & { status: number }) {
  const limit = Number(query.get("limit") ?? 100)
  if (!(limit >= 1 && limit <= page_max)) return refuse(`limit: 1 to ${page_max}`)
  const kept = snapshots.get(sim) ?? new Map<string, Uint32Array>()
  snapshots.set(sim, kept)
  const cursor = query.get("offset") ?? ""
  let start = 0
  let name = ""
  let listed: Uint32Array | undefined
  if (cursor === "") {
    const rows = listRows(sim, query, now)
    if (!(rows instanceof Uint32Array)) return { ...rows, status: 400 }
    listed = rows
    name = `${now.toString(36)}-${kept.size}-${sim.tenant.state.requests_seen}`
  } else {
    const [own_name = "", position, expires_ms] = Buffer.from(cursor, "base64url").toString().split(" ")
    if (!(now < Number(expires_ms))) return refuse("invalid or expired offset")
    ;[name, start, listed] = [own_name, Number(position), kept.get(own_name)]
    if (listed === undefined) return refuse("invalid or expired offset")
  }
  const end = start + limit
  const expires_ms = now + cursor_life_ms
  const more = end < listed.length
  if (more) kept.set(name, listed)
  else kept.delete(name)
  for (const oldest of kept.keys()) if (kept.size > cursors_kept) kept.delete(oldest)
  return {
    rows: [...listed.subarray(start, end)],
    total: listed.length,
    limit,
    next: more ? Buffer.from(`${name} ${end} ${expires_ms}`).toString("base64url") : "",
    expires_at: expires_ms * 1_000_000,
  }
}

/** What a filter may ask without the host being made up. */
const cheap_fields: ReadonlySet<string> = new Set(["device_id", "modified_timestamp", "first_seen"])

/** Filtered and sorted, or the refusal. */
function listRows(sim: SimContext, query: URLSearchParams, now: number): Uint32Array | Reply {
  const { inventory } = sim
  const filter = readFilter(query, device_properties, now)
  if (isRefusal(filter)) return filter
  const order = orderOf(sim, query.get("sort"), now)
  if (order === undefined) return refuse("invalid sort expression supplied")
  const cheap = filter.properties.every((property) => cheap_fields.has(property))
  const fieldsOf = (row: number) =>
    cheap
      ? {
          device_id: inventory.id(row),
          modified_timestamp: new Date(inventory.modifiedMs(row, now)).toISOString(),
          first_seen: new Date(inventory.firstSeenMs(row)).toISOString(),
        }
      : inventory.entity(row, now)
  const all = inventory.rows()
  const rows = filter.properties.length === 0 ? all : all.filter((row) => filter.matches(fieldsOf(row)))
  return Uint32Array.from(order(rows))
}

const refuse = (message: string) => ({ status: 400, errors: [{ code: 400, message }], resources: [] })

const by_text: ReadonlySet<string> = new Set(["device_id", "hostname", "platform_name", "last_seen", "status"])

function orderOf(sim: SimContext, sort: string | null, now: number): ((rows: number[]) => number[]) | undefined {
  const [key = "", direction = "asc"] = (sort ?? "device_id.asc").toLowerCase().split(/[.|]/)
  if (direction !== "asc" && direction !== "desc") return undefined
  const sign = direction === "asc" ? 1 : -1
  const { inventory } = sim
  const keyOf = {
    modified_timestamp: (row: number) => inventory.modifiedMs(row, now),
    first_seen: (row: number) => inventory.firstSeenMs(row),
    device_id: (row: number) => inventory.id(row),
  }[key]
  if (keyOf === undefined && !by_text.has(key)) return undefined
  const keyOrText = keyOf ?? ((row: number) => String(inventory.entity(row, now)[key]))
  return (rows) => {
    const pairs = rows.map((row) => ({ row, value: keyOrText(row) }))
    pairs.sort((one, other) => (one.value < other.value ? -sign : one.value > other.value ? sign : one.row - other.row))
    return pairs.map(({ row }) => row)
  }
}
