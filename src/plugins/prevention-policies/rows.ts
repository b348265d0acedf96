/** Rows that become policies: sent together, and told apart when something is wrong with one of them. */
import { Effect, Result } from "effect"
import { ArgumentError, type Outcome } from "../../core/actions/action.ts"
import { callByIds } from "../../core/actions/by-ids.ts"
import type { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { per_call } from "../../core/limits.ts"

/** One call's worth, so that what Falcon refuses as a whole is one call. */
export const rows_max = per_call.policies

interface Rows<Row> {
  readonly rows: readonly Row[]
  /** Tells one row from another; no two rows may share it. */
  readonly keyOf: (row: Row) => string
  /** The key of the row that a returned policy stands for. */
  readonly keyOfPolicy: (resource: unknown) => string | undefined
  readonly operation: (rows: readonly Row[]) => Operation
}

/**
 * One call for all rows. Where Falcon refuses it as a whole, without saying which row is wrong, nothing was done: then every
 * row goes on its own, and the good ones come through. Errors name their row as `resources.<n>`.
 */
export const sendRows = Effect.fnUntraced(function* <Row>({
  rows,
  keyOf,
  keyOfPolicy,
  operation,
}: Rows<Row>): Effect.fn.Return<Outcome, FalconError | ArgumentError, Falcon> {
  const keys = rows.map(keyOf)
  const repeated = keys.findIndex((key, at) => keys.indexOf(key) !== at)
  if (repeated >= 0) {
    const first = keys.indexOf(keys[repeated]!)
    return yield* new ArgumentError({
      field: `resources.${repeated}`,
      message: `the same policy as in resources.${first}`,
    })
  }
  const by_name = new Map(rows.map((row, at) => [nameOf(at), row]))
  const send = (per_call: number) =>
    callByIds({
      ids: [...by_name.keys()],
      per_call,
      idOf: (resource) => {
        const at = keys.indexOf(keyOfPolicy(resource) ?? "")
        return at < 0 ? undefined : nameOf(at)
      },
      operation: (names) => operation(names.map((name) => by_name.get(name)!)),
    })
  const together = yield* Effect.result(send(per_call.policies))
  if (Result.isSuccess(together)) return together.success
  const refused = together.failure
  if (refused.reason !== "rejected" || rows.length === 1) return yield* refused
  return yield* send(1)
})

const nameOf = (at: number) => `resources.${at}`
