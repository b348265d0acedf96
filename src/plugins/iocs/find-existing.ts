/** Finds indicators that exist in Falcon. */
import { Effect } from "effect"
import { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { falcon as bounds } from "../../core/falcon/limits.ts"
import { failUnlessWhole } from "../../core/falcon/list-answer.ts"
import { allOf, anyOf, is } from "./fql.ts"
import { findOperation, type Indicator, indicatorOf, isOurs, keyOf, unreadFields } from "./indicator.ts"
import { iocs } from "./limits.ts"
import type { Value } from "./stix-values.ts"

/** Indicators that a read found, and the trace ids of its calls. */
export interface Found {
  readonly indicators: readonly Indicator[]
  readonly trace_ids: readonly string[]
  /** By id: the fields of those that Falcon gives in another type than it documents. What such an indicator does is not known. */
  readonly unread: ReadonlyMap<string, readonly string[]>
}

/** The indicators that were looked for, by `keyOf`. */
export interface Existing extends Found {
  readonly by_key: ReadonlyMap<string, Indicator>
}

/** Why an indicator with such fields is not changed. */
export const leftAlone = (fields: readonly string[]): string =>
  `left as it is, since Falcon gives its ${fields.join(", ")} in a form that cannot be read`

/** Every indicator that a filter finds. Fails when any page does: half of a list would be mistaken for the whole. */
export const findAll = Effect.fnUntraced(function* (
  filter: string | undefined,
): Effect.fn.Return<Found, FalconError, Falcon> {
  const falcon = yield* Falcon
  const operation = findOperation(filter)
  const pages = yield* falcon.pages(operation, { page_size: iocs.page_max, is_numbered: true })
  yield* failUnlessWhole(operation, pages)
  const indicators = usable(pages.resources)
  const unread = new Map<string, readonly string[]>()
  for (const resource of pages.resources) {
    const fields = unreadFields(resource)
    const id = fields.length === 0 ? undefined : indicatorOf(resource)?.id
    if (id !== undefined) unread.set(id, fields)
  }
  return { indicators, trace_ids: pages.trace_ids, unread }
})

/** The indicators that are not deleted and belong to this customer. */
const usable = (resources: readonly unknown[]): readonly Indicator[] =>
  resources
    .map(indicatorOf)
    .filter((one) => one !== undefined)
    .filter((one) => one.deleted !== true && one.from_parent !== true)

/**
 * The indicators that have one of these types and values, by `keyOf`; whoever's they are. One value: by its type and value.
 * More: by values, as many as fit into a URL (some 228 SHA-256); or, when a count shows that it takes fewer calls, by reading
 * all indicators of the customer, 2000 a page. 5000 values against an empty list are one call, against a million 23.
 */
export const findExisting = Effect.fnUntraced(function* (
  values: readonly Value[],
): Effect.fn.Return<Existing, FalconError, Falcon> {
  const falcon = yield* Falcon
  const filters = valueFilters(values)
  const trace_ids: string[] = []
  let total: number | undefined
  if (filters.length > 1) {
    const count = yield* falcon.request(findOperation(undefined, 1))
    if (count.trace_id !== undefined) trace_ids.push(count.trace_id)
    if (typeof count.pagination?.total === "number") total = count.pagination.total
  }
  const read_all = total !== undefined && Math.ceil(total / iocs.page_max) < filters.length
  const by_key = new Map<string, Indicator>()
  const unread = new Map<string, readonly string[]>()
  const wanted = new Set(values.map(keyOf))
  for (const filter of read_all ? (total === 0 ? [] : [undefined]) : filters) {
    const found = yield* findAll(filter)
    trace_ids.push(...found.trace_ids)
    for (const [id, fields] of found.unread) unread.set(id, fields)
    for (const one of found.indicators) {
      const key = keyOf(one)
      if (wanted.has(key) && !isOurs(by_key.get(key) ?? {})) by_key.set(key, one)
    }
  }
  return { indicators: [...by_key.values()], by_key, trace_ids, unread }
})

/** Filters of which each fits into a URL. */
const valueFilters = (values: readonly Value[]): readonly string[] => {
  const [only] = values
  if (only === undefined) return []
  if (values.length === 1) return [allOf(is("type", only.type), is("value", only.value))]
  const terms = [...new Set(values.map(({ value }) => is("value", value)))]
  const filters: string[] = []
  let group: string[] = []
  let chars = 0
  for (const term of terms) {
    // `,` becomes `%2C`, and so does a quote (`URLSearchParams`).
    const more = new URLSearchParams({ f: `,${term}` }).toString().length - "f=".length
    if (group.length > 0 && chars + more > bounds.query_chars_max) {
      filters.push(anyOf(group))
      group = []
      chars = 0
    }
    group.push(term)
    chars += more
  }
  return [...filters, anyOf(group)]
}
