/** Bulk calls: a list of ids is split by what one call may carry, sent call after call, and merged into one outcome per id. */
import { Effect, Result } from "effect"
import { Falcon, failWhenEmpty } from "../falcon/client.ts"
import type { Envelope } from "../falcon/envelope.ts"
import type { FalconError } from "../falcon/errors.ts"
import { askForList } from "../falcon/list-answer.ts"
import { isChange, type Operation } from "../falcon/operation.ts"
import { halves, splitIds } from "../falcon/split-ids.ts"
import { type Outcome, type RowError, unconfirmedIn } from "./action.ts"
import { Planning } from "./dry-run.ts"
import { gravest, isPointless, leavesDoubt, statusOf, withErrors } from "./error-priority.ts"
import { idKey } from "./errors-by-id.ts"
import { type Judged, judge, judgeFailure, type Reading } from "./judge.ts"
import { by_ids as bounds } from "./limits.ts"

export interface BulkCall extends Omit<Reading, "changes"> {
  readonly ids: readonly string[]
  readonly per_call: number
  /** The ids travel in the URL, whose length is limited too. */
  readonly in_query?: boolean
  readonly operation: (ids: readonly string[]) => Operation
  /** Whether a refusal is about something that all ids of a call have in common: then the call is not halved. */
  readonly isAboutAll?: (error: FalconError) => boolean
  /**
   * Reads back ids whose change Falcon answered without confirming it, or refused as a conflict. Gets their row errors so far;
   * an id that it does not return keeps its row error.
   */
  readonly lookAgain?: (open: readonly RowError[]) => Effect.Effect<ReadonlyMap<string, StateSeen>, never, Falcon>
}

/** What reading an id back showed: `done` with a resource for the answer (or `undefined`), or the row error that it has now. */
export type StateSeen = { readonly done: unknown } | { readonly row: RowError }

/** The id that a resource carries under this name, whatever its other fields look like. */
export const idField =
  (name: string) =>
  (resource: unknown): string | undefined => {
    const id = (resource as Readonly<Record<string, unknown>> | null | undefined)?.[name]
    return typeof id === "string" ? id : undefined
  }

/** Statuses of refusals that a smaller request may not meet: something in the call is wrong, or it is too large. */
const divisible: readonly (number | undefined)[] = [400, 404, 409, 413, 422]

/**
 * Calls Falcon until each id has its answer. A call that is refused as a whole has done nothing: the ids that the refusal names
 * fail, and the others are sent again; when it names none, the call is bisected to the bad id. Ids that differ in case only
 * count as one.
 *
 * Fails when certainly nothing was done, with the errors of every id; otherwise it succeeds with an outcome that has errors.
 */
export const callInBulk = Effect.fnUntraced(function* (
  options: BulkCall,
): Effect.fn.Return<Outcome, FalconError, Falcon> {
  const { in_query = false, per_call } = options
  const ids = distinct(options.ids)
  const groups = splitIds(ids, per_call, { in_query })
  const found = new Findings()
  const failures: FalconError[] = []
  const waiting = [...groups]
  /** Ids of changes of which a try got no answer. */
  const tried_before = new Set<string>()
  let broken: FalconError | undefined
  let in_doubt = false
  let refusals = 0
  let refusals_in_row = 0
  for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
    if (broken !== undefined) {
      found.addRows(notTried(group, broken))
      continue
    }
    const operation = options.operation(group)
    const reading: Reading = { ...options, changes: isChange(operation) }
    const answer = yield* Effect.result(ask(operation))
    if (Result.merge(answer).after_doubt === true) for (const id of group) tried_before.add(id)
    if (Result.isSuccess(answer)) {
      found.addCall(answer.success, judge(group, answer.success, reading))
      refusals_in_row = 0
      continue
    }
    const error = answer.failure
    const judged = judgeFailure(group, error, reading)
    const { unexplained } = judged
    refusals++
    refusals_in_row++
    const is_divisible = divisible.includes(error.status) && options.isAboutAll?.(error) !== true
    const divide = error.reason === "rejected" && is_divisible && group.length > 1
    const affordable = refusals <= bounds.refusals_max && refusals_in_row <= bounds.refusals_in_row_max
    if (divide && affordable && unexplained.length > 0) {
      found.addCall(error, judged, new Set(unexplained))
      waiting.unshift(...(unexplained.length < group.length ? [unexplained] : halves(unexplained)))
      continue
    }
    failures.push(error)
    in_doubt ||= leavesDoubt(error, operation)
    if (isPointless(error)) broken = error
    found.addCall(error, judged)
    if (divide) found.addRows(unexplained.map((id) => refusedTogether(id, error)))
  }
  found.doubt(tried_before)
  if (options.lookAgain !== undefined && !(yield* Planning)) {
    const open = found.unresolved()
    if (open.length > 0) found.resolve(yield* options.lookAgain(open))
  }
  const outcome = found.outcome(ids)
  const error = wholeFailure(outcome, failures, { in_doubt, calls: groups.length })
  return error === undefined ? outcome : yield* error
})

const ask = Effect.fnUntraced(function* (operation: Operation): Effect.fn.Return<Envelope, FalconError, Falcon> {
  const falcon = yield* Falcon
  const answer = isChange(operation) ? falcon.request(operation) : askForList(falcon.request, operation)
  return yield* failWhenForbidden(operation, yield* answer)
})

/** A missing scope may come as a 200 that holds nothing else (elastic/integrations, alert tests). */
const failWhenForbidden = (operation: Operation, answer: Envelope): Effect.Effect<Envelope, FalconError> => {
  const [first] = answer.errors
  return first?.code === 403 && first.id === undefined ? failWhenEmpty(operation, answer) : Effect.succeed(answer)
}

/** The ids without repetitions, compared without regard to case; each as it was written first. */
const distinct = (ids: readonly string[]): readonly string[] => {
  const by_key = new Map<string, string>()
  for (const id of ids) if (!by_key.has(idKey(id))) by_key.set(idKey(id), id)
  return [...by_key.values()]
}

const refusedTogether = (id: string, error: FalconError): RowError => ({
  id,
  code: error.status ?? 400,
  message: `refused together with others; the search for the bad one was given up after too many refusals: ${error.message}`,
})

const notTried = (ids: readonly string[], error: FalconError): readonly RowError[] =>
  ids.map((id) => ({
    id,
    code: error.status ?? 502,
    message: `not tried, since an earlier call failed: ${error.message}`,
  }))

/** What is known of each id, over all calls so far. */
class Findings {
  private readonly resources: unknown[] = []
  private readonly rows = new Map<string, RowError>()
  private readonly loose: RowError[] = []
  private readonly trace_ids: string[] = []

  /** Adds what one call showed. `but`: ids that will be sent again. */
  addCall(
    { resources, trace_id }: Pick<FalconError | Envelope, "resources" | "trace_id">,
    { rows, loose, unexplained, strangers }: Judged,
    but: ReadonlySet<string> = new Set(),
  ): void {
    // A refusal's resources are results only when each of its ids was told apart; otherwise they are explanations.
    if (unexplained.length === 0) for (const one of resources ?? []) if (!strangers.has(one)) this.resources.push(one)
    for (const [id, row] of rows) if (!but.has(id)) this.rows.set(id, row)
    this.loose.push(...loose)
    if (trace_id !== undefined) this.trace_ids.push(trace_id)
  }

  /** Adds row errors. */
  addRows(rows: readonly RowError[]): void {
    for (const row of rows) if (row.id !== undefined) this.rows.set(row.id, row)
  }

  /** Takes refusals of these ids for no proof that nothing was done to them. */
  doubt(ids: ReadonlySet<string>): void {
    for (const [id, row] of this.rows) {
      if (!ids.has(id) || row.outcome !== undefined) continue
      const message = `${row.message}; an earlier try got no answer, and may have done it`
      this.rows.set(id, { ...row, message, outcome: "unconfirmed" })
    }
  }

  /** Row errors that reading back may resolve: unconfirmed ones, and conflicts with the state that the thing is in. */
  unresolved(): readonly RowError[] {
    return [...this.rows.values()].filter(
      ({ code, outcome }) => code === 409 || (outcome === "unconfirmed" && code < 500),
    )
  }

  /** Replaces row errors by what reading back showed. */
  resolve(seen: ReadonlyMap<string, StateSeen>): void {
    const ids = new Map([...this.rows.keys()].map((id) => [idKey(id), id]))
    for (const [key, one] of seen) {
      const id = ids.get(idKey(key))
      if (id === undefined) continue
      if ("row" in one) this.rows.set(id, one.row)
      else {
        this.rows.delete(id)
        if (one.done !== undefined) this.resources.push(one.done)
      }
    }
  }

  outcome(ids: readonly string[]): Outcome {
    const failed = this.rows.size
    return {
      resources: this.resources,
      errors: [...ids.flatMap((id) => this.rows.get(id) ?? []), ...this.loose],
      trace_ids: this.trace_ids,
      requested: ids.length,
      succeeded: ids.length - failed,
      failed,
    }
  }
}

/**
 * The failure of a bulk call of which nothing worked. `undefined` when something worked, or when something may have been done
 * and must not be repeated: then each id says so in its row error.
 */
const wholeFailure = (
  { succeeded, errors }: Outcome,
  failures: readonly FalconError[],
  { in_doubt, calls }: { readonly in_doubt: boolean; readonly calls: number },
): FalconError | undefined => {
  const [first] = failures
  if (succeeded > 0 || first === undefined) return undefined
  const is_open = unconfirmedIn(errors) > 0
  if (is_open && (in_doubt || failures.every(({ reason }) => reason === "rejected"))) return undefined
  const error = gravest(failures)!
  const told = failures.length === 1 ? error.message : `${error.message} (${failures.length} calls failed)`
  if (error.reason === "rejected") return withErrors(error, errors, told, statusOf(errors))
  return calls === 1 || isPointless(first) ? error : withErrors(error, errors, told)
}
