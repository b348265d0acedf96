/** Pushes STIX objects to Falcon as indicators. */
import { Clock, Effect, type FileSystem, Result } from "effect"
import { ArgumentError, type Outcome, outcomeOfList, type RowError } from "../../core/actions/action.ts"
import { callInBulk } from "../../core/actions/bulk.ts"
import { gravest, isPointless } from "../../core/actions/error-priority.ts"
import { in_doubt } from "../../core/actions/judge.ts"
import { timeMs } from "../../core/assets/read-fields.ts"
import type { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import type { Tenant } from "../../core/tenant/identity.ts"
import { deletion } from "./delete-indicators.ts"
import { type Existing, findAll, findExisting, leftAlone } from "./find-existing.ts"
import { allOf, is } from "./fql.ts"
import {
  createOperation,
  type Indicator,
  indicatorOf,
  isOurs,
  keyOf,
  ours,
  type Row,
  updateOperation,
} from "./indicator.ts"
import { type IocType, ioc_types } from "./ioc-value.ts"
import { iocs } from "./limits.ts"
import { newIndicator, planPush, theirs } from "./merge-policy.ts"
import { readStixObjects } from "./stix-file.ts"
import { readObjects, type Wanted } from "./stix-objects.ts"
import type { Value } from "./stix-values.ts"
import type { FromStix } from "./stix-versions.ts"
import { idOfResource, keyOfResource } from "./upsert-indicator.ts"
import type { WriteRow } from "./write-row.ts"
import { type Written, writeRows } from "./write-rows.ts"

const day_ms = 24 * 60 * 60_000

export interface Push {
  readonly stix_objects_path?: string | undefined
  readonly stix_objects?: readonly unknown[] | undefined
  readonly sekoia_base_url: string
  readonly types: readonly IocType[]
  readonly action: "prevent" | "detect"
  /** Days after which an indicator of ours that nobody changed is removed. */
  readonly valid_for?: number | undefined
}

/** A row of the answer before its outcome is known. */
interface Deed {
  readonly row: Omit<Row, "outcome">
  readonly key: string
}

/**
 * Reads everything before it writes anything, so that a failed lookup changes nothing. Then it deletes our indicators that have
 * expired, that nobody changed for `valid_for` days, or whose objects are revoked or ended; changes those that exist; and creates
 * the new ones. Fails when every write failed, and when there are objects but nothing in them can be used.
 */
export const push = Effect.fnUntraced(function* (
  options: Push,
): Effect.fn.Return<Outcome, FalconError | ArgumentError, Falcon | Tenant | FileSystem.FileSystem> {
  const objects = yield* readStixObjects(options)
  const wanted = yield* readObjects(objects, options)
  if (objects.length > 0 && wanted.wishes.size === 0 && wanted.over.size === 0) return yield* unusable(wanted, options)
  const stale = yield* findStale(wanted, options.valid_for)
  const found = yield* findExisting([...wanted.wishes.values(), ...wanted.over.values()])
  const { deletes, updates, creates, skipped } = planAll(wanted, stale.indicators, found)

  const rows: Row[] = [...wanted.skipped, ...skipped]
  const errors: RowError[] = []
  const trace_ids = [...stale.trace_ids, ...found.trace_ids]
  const failures: FalconError[] = []
  let written = 0

  const addResult = (deeds: ReadonlyMap<string, Deed>, outcome: Row["outcome"], result: Written) => {
    for (const [id, resource] of result.done) {
      const deed = deeds.get(id)
      if (deed === undefined) continue
      const own_id = deed.row.id ?? indicatorOf(resource)?.id
      rows.push({ ...deed.row, outcome, ...(own_id !== undefined && { id: own_id }) })
      written++
    }
    for (const [id, error] of result.failed) errors.push({ ...error, id: deeds.get(id)?.key ?? id })
    trace_ids.push(...result.trace_ids)
    failures.push(...result.failures)
  }

  addResult(deletes, "deleted", yield* deleteAll([...deletes.keys()]))
  const change = { operation: updateOperation, keyOf: idOfResource }
  if (!failures.some(isPointless))
    addResult(updates.deeds, "updated", yield* writeRows({ rows: updates.rows, ...change }))
  else notTried(updates.deeds, failures.find(isPointless), errors)
  const make = { operation: createOperation, keyOf: keyOfResource }
  if (!failures.some(isPointless))
    addResult(creates.deeds, "created", yield* writeRows({ rows: creates.rows, ...make }))
  else notTried(creates.deeds, failures.find(isPointless), errors)

  const error = gravest(failures)
  if (written === 0 && error !== undefined && error.reason !== "rejected") return yield* error
  return outcomeOfList(rows, errors, trace_ids, { skipped: rows.filter(({ outcome }) => outcome === "skipped").length })
})

/** The failure of a push whose objects are all unusable. It tells what is wrong with them, one object for each kind of fault. */
const unusable = ({ skipped }: Wanted, { stix_objects_path }: Push) => {
  const field = stix_objects_path === undefined ? "stix_objects" : "stix_objects_path"
  const reasons = [...new Map(skipped.map(({ reason = "", stix_id }) => [reason, stix_id]))]
  const some = reasons.slice(0, iocs.reasons_max).map(([reason, stix_id = "an object"]) => `${stix_id}: ${reason}`)
  const message = `nothing was done: none of the ${skipped.length} objects or values can be used (${some.join("; ")})`
  return new ArgumentError({ field, message })
}

const notTried = (deeds: ReadonlyMap<string, Deed>, error: FalconError | undefined, errors: RowError[]): void => {
  const message = `not tried, since an earlier call failed: ${error?.message}`
  for (const { key } of deeds.values()) errors.push({ id: key, code: error?.status ?? 502, message })
}

/**
 * Our indicators that have expired, and with `valid_for` those last changed on or before that many days ago, except the ones
 * that this push is about to change. The source of each is checked again here, so that no indicator of others is deleted when
 * Falcon's filter finds too much.
 */
const findStale = Effect.fnUntraced(function* (wanted: Wanted, valid_for: number | undefined) {
  const expired = yield* findAll(allOf(is("source", ours), "expired:true"))
  const indicators = expired.indicators.filter((one) => isOurs(one) && one.expired === true)
  if (valid_for === undefined) return { indicators, trace_ids: expired.trace_ids }
  const day = new Date((yield* Clock.currentTimeMillis) - valid_for * day_ms).toISOString().slice(0, 10)
  const old = yield* findAll(allOf(is("source", ours), `modified_on:<='${day}'`))
  const last = old.indicators.filter(
    (one) => isOurs(one) && (dayOf(one.modified_on) ?? "9") <= day && !wanted.wishes.has(keyOf(one)),
  )
  return { indicators: [...indicators, ...last], trace_ids: [...expired.trace_ids, ...old.trace_ids] }
})

/** The day of a time, in UTC; `undefined` for what tells no time: then nobody knows how old it is. */
const dayOf = (time: unknown): string | undefined => {
  const ms = timeMs(time)
  return ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 10)
}

const planAll = (wanted: Wanted, stale: readonly Indicator[], { by_key: existing, unread }: Existing) => {
  const deletes = new Map<string, Deed>()
  const updates = group()
  const creates = group()
  const skipped: Row[] = []
  for (const one of stale) {
    const { expired, type, value } = one
    const known = ioc_types.find((known_type) => known_type === type)
    const reason = expired === true ? "expired" : "not changed for valid_for days"
    const row = { ...(known !== undefined && { type: known }), ...(value != null && { value }), id: one.id, reason }
    deletes.set(one.id, { key: keyOf(one), row })
  }
  for (const [key, one] of wanted.over) {
    const found = existing.get(key)
    const { reason } = one
    if (found === undefined) skipped.push({ ...rowOf(one), outcome: "skipped", reason: `${reason}, and not in Falcon` })
    else if (!isOurs(found)) {
      skipped.push({
        ...rowOf(one),
        outcome: "skipped",
        id: found.id,
        reason: `${reason}, but it is ${theirs(found)}'s`,
      })
    } else deletes.set(found.id, { key, row: { ...rowOf(one), id: found.id, reason } })
  }
  for (const [key, wish] of wanted.wishes) {
    const found = existing.get(key)
    if (found === undefined || deletes.has(found.id)) {
      creates.add({ key, body: newIndicator(wish) }, { key, row: rowOf(wish) })
      continue
    }
    const fields = unread.get(found.id)
    const plan = fields === undefined ? planPush(found, wish) : { skip: leftAlone(fields) }
    const row = { ...rowOf(wish), id: found.id }
    if ("skip" in plan) skipped.push({ ...row, outcome: "skipped", reason: plan.skip })
    else updates.add({ key: found.id, body: plan.change }, { key, row: { ...row, ...reasonOf(plan.reason) } })
  }
  return { deletes, updates, creates, skipped }
}

/** Rows to write, and what the answer says about each; by the row's key. */
const group = () => {
  const rows: WriteRow[] = []
  const deeds = new Map<string, Deed>()
  const add = (row: WriteRow, deed: Deed) => {
    rows.push(row)
    deeds.set(row.key, deed)
  }
  return { rows, deeds, add }
}

const rowOf = ({ type, value, stix_id }: Value & FromStix) => ({
  type,
  value,
  ...(stix_id !== undefined && { stix_id }),
})

const reasonOf = (reason: string | undefined) => (reason === undefined ? {} : { reason })

/** Deletes by id. An indicator that is gone already counts as deleted. */
const deleteAll = Effect.fnUntraced(function* (ids: readonly string[]): Effect.fn.Return<Written, never, Falcon> {
  if (ids.length === 0) return { done: new Map(), failed: new Map(), trace_ids: [], failures: [] }
  const result = yield* Effect.result(callInBulk(deletion(ids)))
  if (Result.isFailure(result)) {
    const { failure } = result
    const doubt = in_doubt.includes(failure.reason) ? ({ outcome: "unconfirmed" } as const) : {}
    const failed = ids.map((id): [string, RowError] => {
      return [id, { id, code: failure.status ?? 502, message: failure.message, ...doubt }]
    })
    const trace_ids = failure.trace_id === undefined ? [] : [failure.trace_id]
    return { done: new Map(), failed: new Map(failed), trace_ids, failures: [failure] }
  }
  const { errors, trace_ids } = result.success
  const failed = new Map(
    errors.flatMap((one) => (one.id === undefined || one.code === 404 ? [] : [[one.id, one] as const])),
  )
  const done = new Map(ids.filter((id) => !failed.has(id)).map((id) => [id, undefined]))
  return { done, failed, trace_ids, failures: [] }
})
