/** Creates or changes prevention policies in bulk. */
import { Effect } from "effect"
import { ArgumentError, type CallFacts, type Outcome, type RowError } from "../../core/actions/action.ts"
import { callInBulk } from "../../core/actions/bulk.ts"
import { withErrors } from "../../core/actions/error-priority.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import type { Falcon } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import type { Operation } from "../../core/falcon/operation.ts"

interface Rows<Row> {
  readonly rows: readonly Row[]
  /** Tells one row from another; no two rows may share it. */
  readonly keyOf: (row: Row) => string
  /** The key of the row that a returned policy stands for. */
  readonly keyOfPolicy: (resource: unknown) => string | undefined
  /** Why a returned policy shows that a row was not carried out as it stands. */
  readonly contradiction: (row: Row, resource: unknown) => string | undefined
  readonly operation: (rows: readonly Row[]) => Omit<Operation, "idempotent" | "scopes">
}

/**
 * Creates or changes policies in as few calls as carry all rows. A call that Falcon refuses as a whole has done nothing: it is
 * bisected to the bad row, and the good ones come through. Errors name their row as `resources.<n>`.
 */
export const sendRows = Effect.fnUntraced(function* <Row>(
  { scopes, idempotent, per_call }: CallFacts,
  { rows, keyOf, keyOfPolicy, contradiction, operation }: Rows<Row>,
): Effect.fn.Return<Outcome, FalconError | ArgumentError, Falcon> {
  const names = new Map<string, string>()
  const by_key = new Map<string, Row>()
  const by_id = new Map<string, Row>()
  for (const [at, row] of rows.entries()) {
    const key = keyOf(row)
    const first = names.get(idKey(key))
    if (first !== undefined) {
      return yield* new ArgumentError({ field: nameOf(at), message: `the same policy as in ${first}` })
    }
    names.set(idKey(key), nameOf(at))
    by_key.set(key, row)
    by_id.set(idKey(key), row)
  }
  const named = <E extends RowError>(errors: readonly E[]) =>
    errors.map((error) => ({ ...error, ...(error.id !== undefined && { id: names.get(idKey(error.id)) ?? error.id }) }))
  const outcome = yield* Effect.mapError(
    callInBulk({
      ids: [...by_key.keys()],
      per_call,
      idOf: keyOfPolicy,
      contradiction: (resource) => {
        const row = by_id.get(idKey(keyOfPolicy(resource) ?? ""))
        return row === undefined ? undefined : contradiction(row, resource)
      },
      operation: (some) => ({ ...operation(some.map((key) => by_key.get(key)!)), idempotent, scopes }),
    }),
    (error) => withErrors(error, named(error.errors)),
  )
  return { ...outcome, errors: named(outcome.errors) }
})

const nameOf = (at: number) => `resources.${at}`
