/** Actions on a list of ids: split by what one call may carry, called one after the other, merged, told per id. */
import { Effect, Result } from "effect"
import { Falcon, failWhenEmpty } from "../falcon/client.ts"
import type { Envelope } from "../falcon/envelope.ts"
import type { FalconError } from "../falcon/errors.ts"
import { splitIds } from "../falcon/ids.ts"
import type { Operation } from "../falcon/operation.ts"
import type { Outcome, RowError } from "./action.ts"
import { gravest, isPointless, withErrors } from "./failures.ts"

export interface ByIds {
  readonly ids: readonly string[]
  readonly per_call: number
  /** The ids travel in the URL, whose length is limited too. */
  readonly in_query?: boolean
  readonly operation: (ids: readonly string[]) => Operation
  /**
   * The id that a returned resource stands for. Left out where the API returns none: then an id without an error counts as
   * done.
   */
  readonly idOf?: (resource: unknown) => string | undefined
  /** What it means that an id neither comes back nor is named by an error; by default, that Falcon does not know it. */
  readonly missing?: string
  /**
   * Falcon does all of a call or nothing: the ids of a call that it rejects go one by one, so that the good ones come
   * through and each bad one is told.
   */
  readonly one_by_one?: true
}

/** The id that a resource carries under this name. */
export const idIn =
  (name: string) =>
  (resource: unknown): string | undefined => {
    const id = (resource as Readonly<Record<string, unknown>> | null | undefined)?.[name]
    return typeof id === "string" ? id : undefined
  }

const not_found = "Falcon does not know this id"

/** A missing scope may come as a 200 that holds nothing else (elastic/integrations, alert tests). */
const failWhenForbidden = (operation: Operation, answer: Envelope): Effect.Effect<Envelope, FalconError> => {
  const [first] = answer.errors
  return first?.code === 403 && first.id === undefined ? failWhenEmpty(operation, answer) : Effect.succeed(answer)
}

/** Fails only when nothing worked at all, with the errors of every id; anything less is an outcome with errors. */
export const callByIds = Effect.fnUntraced(function* (options: ByIds): Effect.fn.Return<Outcome, FalconError, Falcon> {
  const falcon = yield* Falcon
  const groups = splitIds(options.ids, options.per_call, { in_query: options.in_query ?? false })
  const parts: Part[] = []
  let broken: FalconError | undefined
  const failures: FalconError[] = []
  const waiting = [...groups]
  for (let ids = waiting.shift(); ids !== undefined; ids = waiting.shift()) {
    if (broken !== undefined) {
      parts.push(notTried(ids, broken))
      continue
    }
    const operation = options.operation(ids)
    const call = Effect.flatMap(falcon.request(operation), (answer) => failWhenForbidden(operation, answer))
    const answer = yield* Effect.result(call)
    if (Result.isSuccess(answer)) {
      parts.push(fromEnvelope(ids, answer.success, options))
      continue
    }
    const error = answer.failure
    const part = fromFailure(ids, error, options)
    if (options.one_by_one === true && error.reason === "rejected" && part.succeeded === 0 && ids.length > 1) {
      waiting.unshift(...ids.map((id) => [id]))
      parts.push({ ...part, errors: [] })
      continue
    }
    failures.push(error)
    if (isPointless(error)) broken = error
    parts.push(part)
  }
  const succeeded = parts.reduce((sum, part) => sum + part.succeeded, 0)
  if (succeeded === 0 && failures.length > 0) return yield* inOne(failures, parts)
  const requested = groups.reduce((sum, ids) => sum + ids.length, 0)
  return {
    resources: parts.flatMap((part) => part.resources),
    errors: parts.flatMap((part) => part.errors),
    trace_ids: parts.flatMap((part) => (part.trace_id === undefined ? [] : [part.trace_id])),
    requested,
    succeeded,
    failed: requested - succeeded,
  }
})

/** The failure of all calls in one. What stood in the way of all of them is told once. */
const inOne = (failures: readonly FalconError[], parts: readonly Part[]): FalconError => {
  const error = gravest(failures)!
  if (parts.length === 1 || isPointless(failures[0]!)) return error
  const message = failures.length === 1 ? error.message : `${error.message} (${failures.length} calls failed)`
  return withErrors(
    error,
    parts.flatMap((part) => part.errors),
    message,
  )
}

interface Part {
  readonly resources: readonly unknown[]
  readonly errors: readonly RowError[]
  readonly trace_id: string | undefined
  readonly succeeded: number
}

type Answer = Pick<Envelope, "resources" | "errors" | "trace_id">

const fromEnvelope = (ids: readonly string[], answer: Answer, { idOf, missing: meaning = not_found }: ByIds): Part => {
  const named = new Map(answer.errors.flatMap((error) => (error.id === undefined ? [] : [[error.id, error] as const])))
  const nameless = answer.errors.filter((error) => error.id === undefined)
  const found = idOf === undefined ? undefined : new Set(answer.resources.map(idOf))
  // Without resources to count, an error that names no id is about all of them.
  const isDone = (id: string) => !named.has(id) && (found === undefined ? nameless.length === 0 : found.has(id))
  const missing = ids.filter((id) => !isDone(id))
  const errors = missing.map((id): RowError => {
    const error = named.get(id) ?? nameless[0]
    return { id, code: error?.code ?? 404, message: error?.message ?? meaning }
  })
  const unattributed = missing.length === 0 ? nameless.map(({ code, message }): RowError => ({ code, message })) : []
  return {
    resources: answer.resources,
    errors: [...errors, ...unattributed],
    trace_id: answer.trace_id,
    succeeded: ids.length - missing.length,
  }
}

/** A refusal may still carry what worked, and say per id what did not. */
const fromFailure = (ids: readonly string[], error: FalconError, options: ByIds): Part => {
  const resources = error.resources ?? []
  if (options.idOf !== undefined && resources.length > 0) {
    return fromEnvelope(ids, { resources, errors: error.errors, trace_id: error.trace_id }, options)
  }
  const named = new Map(error.errors.flatMap((one) => (one.id === undefined ? [] : [[one.id, one] as const])))
  const errors = ids.map((id): RowError => {
    const own = named.get(id)
    return { id, code: own?.code ?? error.status ?? 502, message: own?.message ?? error.message }
  })
  return { resources: [], errors, trace_id: error.trace_id, succeeded: 0 }
}

const notTried = (ids: readonly string[], error: FalconError): Part => ({
  resources: [],
  errors: ids.map((id) => ({
    id,
    code: error.status ?? 502,
    message: `not tried, since an earlier call failed: ${error.message}`,
  })),
  trace_id: undefined,
  succeeded: 0,
})

/** The outcome of one call that lists things: what came back is what was asked for, but for `skipped` of its rows. */
export const listed = (
  resources: readonly unknown[],
  errors: readonly RowError[],
  trace_ids: readonly string[],
  more: Pick<Outcome, "skipped" | "total" | "next"> = {},
): Outcome => ({
  resources,
  errors,
  trace_ids,
  requested: resources.length + errors.length,
  succeeded: resources.length - (more.skipped ?? 0),
  failed: errors.length,
  ...more,
})
