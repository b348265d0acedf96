/** Reads indicators back, to find out what became of rows that Falcon's answers did not mention. */
import { Effect, Result } from "effect"
import { callInBulk, idField } from "../../core/actions/bulk.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import type { Falcon } from "../../core/falcon/client.ts"
import { differences } from "./differences.ts"
import { findExisting } from "./find-existing.ts"
import { getOperation, type Indicator, indicatorOf, keyOf } from "./indicator.ts"
import { isIocType } from "./ioc-value.ts"
import { iocs } from "./limits.ts"
import type { WriteRow } from "./write-row.ts"

interface Seen {
  /** Rows that Falcon has as they were sent, by key. Nothing is known of the others: Falcon may still be working on them. */
  readonly done: ReadonlyMap<string, Indicator>
  readonly trace_ids: readonly string[]
}

/** Finds the rows that Falcon has as they were sent. Never fails: a row that cannot be read stays unconfirmed. */
export const readBack = Effect.fnUntraced(function* (rows: readonly WriteRow[]): Effect.fn.Return<Seen, never, Falcon> {
  const values = rows.flatMap(({ body: { type, value } }) =>
    typeof type === "string" && isIocType(type) && typeof value === "string" ? [{ type, value }] : [],
  )
  const ids = rows.flatMap(({ body: { id } }) => (typeof id === "string" ? [id] : []))
  const by_value = values.length === 0 ? undefined : yield* Effect.result(findExisting(values))
  const get = { ids, per_call: iocs.ids_per_call, in_query: true, idOf: idField("id"), operation: getOperation }
  const by_id = ids.length === 0 ? undefined : yield* Effect.result(callInBulk(get))
  const found = new Map<string, Indicator>()
  const trace_ids: string[] = []
  if (by_value !== undefined && Result.isSuccess(by_value)) {
    for (const [key, one] of by_value.success.by_key) found.set(key, one)
    trace_ids.push(...by_value.success.trace_ids)
  }
  if (by_id !== undefined && Result.isSuccess(by_id)) {
    for (const one of by_id.success.resources.map(indicatorOf)) if (one !== undefined) found.set(idKey(one.id), one)
    trace_ids.push(...by_id.success.trace_ids)
  }
  const done = rows.flatMap(({ key, body }): [string, Indicator][] => {
    const one = found.get(typeof body.id === "string" ? idKey(body.id) : keyOf(body))
    return one !== undefined && differences(body, one).length === 0 ? [[key, one]] : []
  })
  return { done: new Map(done), trace_ids }
})
