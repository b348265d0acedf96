/** Rows that become policies: sent together, and told apart when something is wrong with one of them. */
import { Effect } from "effect"
import { ArgumentError, type Outcome } from "../../core/actions/action.ts"
import { callByIds } from "../../core/actions/by-ids.ts"
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
 * done: then its rows go one by one, and the good ones come through. Errors name their row as `resources.<n>`.
 */
export const sendRows = Effect.fnUntraced(function* <Row>({
  rows,
  keyOf,
  keyOfPolicy,
  operation,
}: Rows<Row>): Effect.fn.Return<Outcome, FalconError | ArgumentError, Falcon> {
  const names = new Map<string, string>()
  for (const [at, row] of rows.entries()) {
    const first = names.get(keyOf(row))
    if (first !== undefined) {
      return yield* new ArgumentError({ field: nameOf(at), message: `the same policy as in ${first}` })
    }
    names.set(keyOf(row), nameOf(at))
  }
  const by_name = new Map(rows.map((row, at) => [nameOf(at), row]))
  return yield* callByIds({
    ids: [...by_name.keys()],
    per_call: per_call.policies,
    one_by_one: true,
    idOf: (resource) => names.get(keyOfPolicy(resource) ?? ""),
    operation: (some) => operation(some.map((name) => by_name.get(name)!)),
  })
})

const nameOf = (at: number) => `resources.${at}`
