/** Rows that are created or updated in groups, so that one bad row never fails the rest. */
import { Array as Arr, Effect, Result } from "effect"
import type { RowError } from "../../core/actions/action.ts"
import { Planning } from "../../core/actions/dry-run.ts"
import { isPointless } from "../../core/actions/error-priority.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { in_doubt, refused } from "../../core/actions/judge.ts"
import { Falcon, failWhenEmpty } from "../../core/falcon/client.ts"
import type { Envelope } from "../../core/falcon/envelope.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { halves } from "../../core/falcon/split-ids.ts"
import { differences } from "./differences.ts"
import { indicatorOf } from "./indicator.ts"
import { iocs } from "./limits.ts"
import { readBack } from "./read-back.ts"
import { complaintsByRow, isTaken } from "./row-complaints.ts"
import type { WriteRow } from "./write-row.ts"

export interface Written {
  /** Rows of which Falcon gave an indicator back, or of which one was found afterwards, as they were sent. */
  readonly done: ReadonlyMap<string, unknown>
  /** All others; `unconfirmed` where nobody can say, or where Falcon has it otherwise than it was sent. */
  readonly failed: ReadonlyMap<string, RowError>
  readonly trace_ids: readonly string[]
  /** Calls that failed as a whole, the first of each reason. */
  readonly failures: readonly FalconError[]
}

interface Writing {
  readonly rows: readonly WriteRow[]
  readonly operation: (bodies: readonly unknown[]) => Operation
  /** The row's key from an indicator that Falcon gave back. */
  readonly keyOf: (resource: unknown) => string
}

/**
 * Creates or updates indicators, as many in one call as Falcon takes. Falcon refuses a call as a whole, with a 400 that may
 * explain rows one by one: the rows that it names fail, and the rest is sent again; when it names none, the call is bisected to
 * the bad row. After `refusals_max` refusals the remaining rows fail with Falcon's words.
 *
 * Only a row whose indicator came back, with an id and without a complaint, counts as done. Rows that an answer does not
 * mention, or whose call got no answer, are read back; what that does not show as done is unconfirmed.
 */
export const writeRows = Effect.fnUntraced(function* ({
  rows,
  operation,
  keyOf,
}: Writing): Effect.fn.Return<Written, never, Falcon> {
  const falcon = yield* Falcon
  const done = new Map<string, unknown>()
  const failed = new Map<string, RowError>()
  const trace_ids: string[] = []
  const failures: FalconError[] = []
  let stopped: FalconError | undefined
  let refusals = 0

  const fail = (group: readonly WriteRow[], code: number, message: string) => {
    for (const { key } of group) failed.set(key, { id: key, code, message })
  }
  const doubt = (group: readonly WriteRow[], code: number, message: string) => {
    for (const { key } of group) failed.set(key, { id: key, code, message, outcome: "unconfirmed" })
  }
  const markWritten = (resources: readonly unknown[], group: readonly WriteRow[], status: number) => {
    const by_key = new Map(group.map((one) => [idKey(one.key), one]))
    for (const resource of resources.filter(isTaken)) {
      const one = by_key.get(idKey(keyOf(resource)))
      const back = indicatorOf(resource)
      if (one === undefined || back === undefined) continue
      const otherwise = differences(one.body, back)
      if (otherwise.length > 0) doubt([one], status, `Falcon has it, but with ${otherwise.join("; ")}`)
      else done.set(one.key, resource)
    }
    return group.filter(({ key }) => !done.has(key) && !failed.has(key))
  }
  const accepted = (group: readonly WriteRow[], answer: Envelope) => {
    if (answer.trace_id !== undefined) trace_ids.push(answer.trace_id)
    const named = complaintsByRow(group, answer.errors, answer.resources)
    const left = markWritten(answer.resources, group, answer.status).filter((one) => {
      const error = named.get(one.key)
      if (error !== undefined) failed.set(one.key, refused(one.key, error))
      return error === undefined
    })
    const attributed = new Set(named.values())
    const [error] = answer.errors.filter((one) => !attributed.has(one))
    // One error and one row that is left: the one is about the other.
    if (error !== undefined && left.length === 1) failed.set(left[0]!.key, refused(left[0]!.key, error))
    else {
      const why = error === undefined ? "" : `: ${error.message}`
      doubt(left, answer.status, `Falcon answered ${answer.status} without saying what became of it${why}`)
    }
  }

  const waiting: (readonly WriteRow[])[] = Arr.chunksOf(rows, iocs.rows_per_call)
  for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
    if (stopped !== undefined) {
      fail(group, stopped.status ?? 502, `not tried, since an earlier call failed: ${stopped.message}`)
      continue
    }
    const request = operation(group.map(({ body }) => body))
    const call = Effect.flatMap(falcon.request(request), (answer) => failWhenEmpty(request, answer))
    const answer = yield* Effect.result(call)
    if (Result.isSuccess(answer)) {
      if (yield* Planning) continue
      accepted(group, answer.success)
      continue
    }
    const refusal = answer.failure
    if (!failures.some(({ reason }) => reason === refusal.reason)) failures.push(refusal)
    if (refusal.trace_id !== undefined) trace_ids.push(refusal.trace_id)
    if (isPointless(refusal)) stopped = refusal
    if (refusal.reason !== "rejected") {
      const tell = in_doubt.includes(refusal.reason) ? doubt : fail
      tell(group, refusal.status ?? 502, refusal.message)
      continue
    }
    refusals++
    const left = markWritten(refusal.resources ?? [], group, refusal.status ?? 400)
    const named = complaintsByRow(left, refusal.errors, refusal.resources ?? [])
    for (const [key, one] of named) failed.set(key, { id: key, code: one.code, message: one.message })
    const rest = left.filter(({ key }) => !named.has(key))
    if (rest.length === 0) continue
    if (rest.length === 1 && group.length === 1) fail(rest, refusal.status ?? 400, reasonOf(refusal))
    else if (refusals >= iocs.refusals_max) fail(rest, refusal.status ?? 400, reasonOf(refusal))
    else if (rest.length < group.length) waiting.unshift(rest)
    else waiting.unshift(...halves(rest))
  }
  const open = rows.filter(({ key }) => failed.get(key)?.outcome === "unconfirmed")
  if (open.length === 0 || stopped !== undefined) return { done, failed, trace_ids, failures }
  const seen = yield* readBack(open)
  for (const [key, one] of seen.done) {
    done.set(key, one)
    failed.delete(key)
  }
  return { done, failed, trace_ids: [...trace_ids, ...seen.trace_ids], failures }
})

const reasonOf = (error: FalconError): string => error.errors[0]?.message ?? error.message
