/** Creates one indicator that a person names, or changes it when it exists. */
import { Effect } from "effect"
import { ArgumentError, type Outcome, outcomeOfList, type RowError } from "../../core/actions/action.ts"
import { callInBulk } from "../../core/actions/bulk.ts"
import { gravest } from "../../core/actions/error-priority.ts"
import type { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { deletion } from "./delete-indicators.ts"
import { findExisting, leftAlone } from "./find-existing.ts"
import { createOperation, type Indicator, indicatorOf, isOurs, keyOf, type Row, updateOperation } from "./indicator.ts"
import { checkValue } from "./ioc-value.ts"
import { newIndicator, planUpsert, theirs, type Wish } from "./merge-policy.ts"
import type { Value } from "./stix-values.ts"
import { writeRows } from "./write-rows.ts"

/** The value in its canonical form. */
export const checked = ({ type, value }: Value): Effect.Effect<string, ArgumentError> => {
  const found = checkValue(type, value)
  return "value" in found
    ? Effect.succeed(found.value)
    : Effect.fail(new ArgumentError({ field: "value", message: found.reason }))
}

/** Creates or changes the indicator. Fails when Falcon refuses it. `note` becomes part of the row's reason. */
export const upsertIndicator = Effect.fnUntraced(function* (
  given: Wish,
  note?: string,
): Effect.fn.Return<Outcome, FalconError | ArgumentError, Falcon> {
  const wish = { ...given, value: yield* checked(given) }
  const { type, value } = wish
  const found = yield* findExisting([{ type, value }])
  const { existing, trace_ids: removal } = yield* withoutExpired(found.by_key.get(keyOf(wish)))
  if (existing?.expired === true) {
    const message = `${theirs(existing)} has it, expired: that one has to be removed first`
    return outcomeOfList([], [{ id: keyOf(wish), code: 409, message }], found.trace_ids)
  }
  const unread = existing === undefined ? undefined : found.unread.get(existing.id)
  if (unread !== undefined)
    return outcomeOfList([], [{ id: keyOf(wish), code: 409, message: leftAlone(unread) }], found.trace_ids)
  const plan = existing === undefined ? undefined : planUpsert(existing, wish)
  const written = yield* writeRows(
    existing === undefined || plan === undefined
      ? { rows: [{ key: keyOf(wish), body: newIndicator(wish) }], operation: createOperation, keyOf: keyOfResource }
      : { rows: [{ key: existing.id, body: plan.change }], operation: updateOperation, keyOf: idOfResource },
  )
  const trace_ids = [...found.trace_ids, ...removal, ...written.trace_ids]
  const [refused] = written.failed.values()
  if (refused !== undefined) {
    const error = gravest(written.failures)
    if (error !== undefined) return yield* error
    return outcomeOfList([], [{ ...refused, id: keyOf(wish) } satisfies RowError], trace_ids)
  }
  const [resource] = written.done.values()
  const id = existing?.id ?? indicatorOf(resource)?.id
  const reasons = [plan?.reason, note].filter((one) => one !== undefined)
  const row: Row = {
    type,
    value,
    outcome: plan === undefined ? "created" : "updated",
    ...(reasons.length > 0 && { reason: reasons.join("; ") }),
    ...(id !== undefined && { id }),
  }
  return outcomeOfList([row], [], trace_ids)
})

/** Deletes an expired indicator of ours, since no change takes an expiration back: a new one is created in its place. */
const withoutExpired = Effect.fnUntraced(function* (existing: Indicator | undefined) {
  if (existing?.expired !== true || !isOurs(existing)) return { existing, trace_ids: [] }
  const { trace_ids } = yield* callInBulk(deletion([existing.id]))
  return { existing: undefined, trace_ids }
})

/** Keys of rows that are created. */
export const keyOfResource = (resource: unknown): string => keyOf(indicatorOf(resource) ?? {})
/** Keys of rows that are updated. */
export const idOfResource = (resource: unknown): string => indicatorOf(resource)?.id ?? ""
