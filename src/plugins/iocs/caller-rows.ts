/** Sends rows that the caller wrote, unchanged, and says for each what was wrong with it. */
import { Effect } from "effect"
import { ArgumentError, type Outcome, type RowError } from "../../core/actions/action.ts"
import { gravest, withErrors } from "../../core/actions/error-priority.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import type { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import type { WriteRow } from "./write-row.ts"
import { writeRows } from "./write-rows.ts"

interface Given {
  /** In the order of the request; a reason in place of a row that cannot be sent. */
  readonly rows: readonly (WriteRow & { readonly refused?: string })[]
  readonly operation: (bodies: readonly unknown[]) => Operation
  readonly keyOf: (resource: unknown) => string
}

/**
 * Fails when nothing was written: with an `ArgumentError` when no row could be sent. Errors carry the row's key as their id, and
 * begin with its place: `indicators.3: …`.
 */
export const sendCallerRows = Effect.fnUntraced(function* ({
  rows,
  operation,
  keyOf,
}: Given): Effect.fn.Return<Outcome, FalconError | ArgumentError, Falcon> {
  const first_at = new Map<string, number>()
  const sent: WriteRow[] = []
  const errors: RowError[] = []
  const error = (at: number, id: string, code: number, message: string, more: Pick<RowError, "outcome"> = {}) =>
    errors.push({ id, code, message: `indicators.${at}: ${message}`, ...more })
  for (const [at, { key, body, refused }] of rows.entries()) {
    const first = first_at.get(idKey(key))
    if (refused !== undefined) error(at, key, 400, refused)
    else if (first !== undefined) error(at, key, 409, `the same indicator as indicators.${first}`)
    else {
      first_at.set(idKey(key), at)
      sent.push({ key, body })
    }
  }
  if (sent.length === 0) return yield* new ArgumentError(wrongRows(rows))
  const written = yield* writeRows({ rows: sent, operation, keyOf })
  const failure = written.done.size === 0 ? gravest(written.failures) : undefined
  const alone = errors.length === 0 && (sent.length === 1 || failure?.reason !== "rejected")
  if (failure !== undefined && alone) return yield* failure
  for (const [key, { code, message, outcome }] of written.failed) {
    error(first_at.get(idKey(key)) ?? 0, key, code, message, outcome === undefined ? {} : { outcome })
  }
  if (failure !== undefined) return yield* withErrors(failure, errors)
  const resources = sent.filter(({ key }) => written.done.has(key)).map(({ key }) => written.done.get(key))
  return {
    resources,
    errors,
    trace_ids: written.trace_ids,
    requested: rows.length,
    succeeded: resources.length,
    failed: rows.length - resources.length,
  }
})

const wrongRows = (rows: Given["rows"]) => {
  const [first, ...more] = rows.map(({ refused = "" }, at) => ({ field: `indicators.${at}`, message: refused }))
  return { ...first!, more }
}
