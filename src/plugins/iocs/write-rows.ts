/** Rows that are created or updated in groups, so that one bad row never fails the rest. */
import { Effect, Result } from "effect"
import type { RowError } from "../../core/actions/action.ts"
import { isPointless } from "../../core/actions/error-priority.ts"
import { Falcon, failWhenEmpty } from "../../core/falcon/client.ts"
import type { Envelope } from "../../core/falcon/envelope.ts"
import type { ApiError, FalconError } from "../../core/falcon/errors.ts"
import type { Operation } from "../../core/falcon/operation.ts"
import { iocs } from "../../core/limits.ts"
import { indicatorOf } from "./indicator.ts"

/** One indicator on its way to Falcon. */
export interface WriteRow {
  /** `type:value` of a new one, the id of one that exists; no two rows share it. */
  readonly key: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface Written {
  /** Rows that Falcon took, with the indicator when it gave one back. */
  readonly done: ReadonlyMap<string, unknown>
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
 * Falcon refuses a group as a whole, with a 400 that may explain rows one by one. Then the rows it names are given up and
 * the rest is sent again; when it names none, the group is halved until the guilty row stands alone. What `refusals_max`
 * does not suffice for is reported in Falcon's words.
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
  const take = (resources: readonly unknown[], group: readonly WriteRow[]) => {
    const keys = new Set(group.map(({ key }) => key))
    for (const resource of resources) if (keys.has(keyOf(resource))) done.set(keyOf(resource), resource)
    return group.filter(({ key }) => !done.has(key))
  }
  const accepted = (group: readonly WriteRow[], answer: Envelope) => {
    if (answer.trace_id !== undefined) trace_ids.push(answer.trace_id)
    const left = take(answer.resources, group)
    // Falcon may answer a success with nothing at all; only with errors is what did not come back in doubt.
    if (answer.errors.length === 0) for (const { key } of left) done.set(key, undefined)
    const named = explained(left, answer.errors, [])
    for (const one of left) {
      const { code, message } = named.get(one.key) ?? answer.errors[0] ?? {}
      if (!done.has(one.key)) fail([one], code ?? 400, message ?? "Falcon did not say what became of it")
    }
  }

  const waiting = inGroups(rows)
  for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
    if (stopped !== undefined) {
      fail(group, stopped.status ?? 502, `not tried, since an earlier call failed: ${stopped.message}`)
      continue
    }
    const request = operation(group.map(({ body }) => body))
    const call = Effect.flatMap(falcon.request(request), (answer) => failWhenEmpty(request, answer))
    const answer = yield* Effect.result(call)
    if (Result.isSuccess(answer)) {
      accepted(group, answer.success)
      continue
    }
    const refusal = answer.failure
    if (!failures.some(({ reason }) => reason === refusal.reason)) failures.push(refusal)
    if (refusal.trace_id !== undefined) trace_ids.push(refusal.trace_id)
    if (isPointless(refusal)) stopped = refusal
    if (refusal.reason !== "rejected") {
      fail(group, refusal.status ?? 502, refusal.message)
      continue
    }
    refusals++
    const left = take((refusal.resources ?? []).filter(isTaken), group)
    const named = explained(left, refusal.errors, refusal.resources ?? [])
    for (const [key, one] of named) failed.set(key, { id: key, code: one.code, message: one.message })
    const rest = left.filter(({ key }) => !named.has(key))
    if (rest.length === 0) continue
    if (rest.length === 1 && group.length === 1) fail(rest, refusal.status ?? 400, reasonOf(refusal))
    else if (refusals >= iocs.refusals_max) fail(rest, refusal.status ?? 400, reasonOf(refusal))
    else if (rest.length < group.length) waiting.unshift(rest)
    else waiting.unshift(...halves(rest))
  }
  return { done, failed, trace_ids, failures }
})

const inGroups = (rows: readonly WriteRow[]): (readonly WriteRow[])[] =>
  Array.from({ length: Math.ceil(rows.length / iocs.rows_per_call) }, (_, n) =>
    rows.slice(n * iocs.rows_per_call, (n + 1) * iocs.rows_per_call),
  )

function halves(rows: readonly WriteRow[]): readonly (readonly WriteRow[])[] {
  const middle = Math.ceil(rows.length / 2)
  return [rows.slice(0, middle), rows.slice(middle)]
}

const reasonOf = (error: FalconError): string => error.errors[0]?.message ?? error.message

/** Beside a refusal: an indicator that was written all the same, not an explanation. */
const isTaken = (resource: unknown): boolean => {
  const { id, message, message_type } = record(resource)
  return (
    typeof id === "string" && message === undefined && message_type === undefined && indicatorOf(resource) !== undefined
  )
}

/**
 * The rows that a refusal speaks about, by key. Nothing documents how (`MsaspecResponseFields` is only `meta` and `errors`), so
 * each way is read that leaves no doubt: an error whose `id` is the row's key, id or value; an explanation among the
 * resources with the row's `type` and `value`, or `id`; an error whose text quotes the value of exactly one row. An
 * explanation by row number is not read: it does not say whether it counts from 0 or 1.
 */
function explained(
  rows: readonly WriteRow[],
  errors: readonly ApiError[],
  resources: readonly unknown[],
): ReadonlyMap<string, ApiError> {
  const by_name = new Map<string, string | undefined>()
  for (const { key, body } of rows) {
    const value = typeof body.value === "string" ? body.value.toLowerCase() : key
    by_name.set(value, by_name.has(value) ? undefined : key)
  }
  for (const { key } of rows) by_name.set(key, key)
  const found = new Map<string, ApiError>()
  const add = (name: string, error: ApiError) => {
    const key = by_name.get(name.toLowerCase())
    if (key !== undefined && !found.has(key)) found.set(key, error)
    return key !== undefined
  }
  for (const resource of resources) {
    const { id, type, value, message, message_type } = record(resource)
    if (typeof message !== "string" || message_type === "warning") continue
    const error: ApiError = { code: 400, message: message.slice(0, 500) }
    if (typeof value === "string" && add(typeof type === "string" ? `${type}:${value}` : value, error)) continue
    if (typeof id === "string") add(id, error)
  }
  for (const error of errors) {
    if (error.id !== undefined && add(error.id, error)) continue
    const quoted = [...error.message.matchAll(/'([^']+)'|"([^"]+)"/g)].map((match) => match[1] ?? match[2]!)
    const keys = new Set(quoted.map((text) => by_name.get(text.toLowerCase())).filter((key) => key !== undefined))
    const [key] = keys
    if (keys.size === 1 && key !== undefined) add(key, error)
  }
  return found
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
