import { isRefusal, readFilter } from "./filters.ts"
import type { Call, Reply } from "./serve.ts"

type Entity = Readonly<Record<string, unknown>>

/** A page of what a filter leaves, sorted by `property.asc` or `property|desc`; `offset` is echoed. */
export function pageOf<Item extends Entity>(
  items: readonly Item[],
  properties: ReadonlySet<string>,
  { query, now }: Call,
  shown: (item: Item) => unknown,
): Reply {
  const offset = Number(query.get("offset") ?? 0)
  const limit = Number(query.get("limit") ?? 100)
  const filter = readFilter(query, properties, now)
  if (isRefusal(filter)) return filter
  const [property = "", direction = "asc"] = (query.get("sort") ?? "").split(/[.|]/)
  const sign = direction === "desc" ? -1 : 1
  const found = items.filter(filter.matches)
  if (property !== "") found.sort((one, other) => sign * ordered(one[property], other[property]))
  return {
    resources: found.slice(offset, offset + limit).map(shown),
    meta: { pagination: { offset, limit, total: found.length } },
  }
}

/** Numbers by their value, everything else as text. */
function ordered(one: unknown, other: unknown): number {
  if (typeof one === "number" && typeof other === "number") return one - other
  return String(one ?? "").localeCompare(String(other ?? ""))
}
