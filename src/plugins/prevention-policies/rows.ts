/** Rows that become policies: sent together, and told apart when something is wrong with one of them. */
import { Effect } from "effect"
import { ArgumentError, type Outcome, type RowError } from "../../core/actions/action.ts"
import { callByIds } from "../../core/actions/bulk.ts"
import { withErrors } from "../../core/actions/error-priority.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import type { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { per_call } from "../../core/limits.ts"

interface Rows<Row> {
  readonly rows: readonly Row[]
  /** Tells one row from another; no two rows may share it. */
  readonly keyOf: (row: Row) => string
  /** The key of the row that a returned policy stands for. */
  readonly keyOfPolicy: (resource: unknown) => string | undefined
  readonly operation: (rows: readonly Row[]) => Operation
}

/**
 * As few calls as carry all rows. Where Falcon refuses one as a whole, without saying which row is wrong, nothing of it was
 * done: then it is halved until the wrong row stands alone, and the good ones come through. Errors name their row as
 * `resources.<n>`.
 */
export const sendRows = Effect.fnUntraced(function* <Row>({
  rows,
  keyOf,
  keyOfPolicy,
  operation,
}: Rows<Row>): Effect.fn.Return<Outcome, FalconError | ArgumentError, Falcon> {
  const names = new Map<string, string>()
  const by_key = new Map<string, Row>()
  for (const [at, row] of rows.entries()) {
    const key = keyOf(row)
    const first = names.get(idKey(key))
    if (first !== undefined) {
      return yield* new ArgumentError({ field: nameOf(at), message: `the same policy as in ${first}` })
    }
    names.set(idKey(key), nameOf(at))
    by_key.set(key, row)
  }
  const named = <E extends RowError>(errors: readonly E[]) =>
    errors.map((error) => ({ ...error, ...(error.id !== undefined && { id: names.get(idKey(error.id)) ?? error.id }) }))
  const outcome = yield* Effect.mapError(
    callByIds({
      ids: [...by_key.keys()],
      per_call: per_call.policy_rows,
      idOf: keyOfPolicy,
      operation: (some) => operation(some.map((key) => by_key.get(key)!)),
    }),
    (error) => withErrors(error, named(error.errors)),
  )
  return { ...outcome, errors: named(outcome.errors) }
})

const nameOf = (at: number) => `resources.${at}`
