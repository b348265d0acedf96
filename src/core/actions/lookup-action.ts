/** Actions that look things up by their ids: one shape, of which each declares only what is its own. */
import { Effect, Result } from "effect"
import { z } from "zod"
import { Falcon } from "../falcon/client.ts"
import type { FalconError } from "../falcon/errors.ts"
import type { Operation } from "../falcon/operation.ts"
import { splitIds } from "../falcon/split-ids.ts"
import { type Action, type ArgumentError, defineAction, type Outcome, type RowError } from "./action.ts"
import { type BulkCall, callInBulk, idField, type StateSeen } from "./bulk.ts"
import { idsArgument } from "./shared-arguments.ts"

/** A call of Falcon's API that takes ids and returns what they stand for. */
export interface LookupCall {
  /** For messages and metrics: `hosts.details`. */
  readonly name: string
  /** A GET carries its ids in the URL, whose length limits them too; a POST in the body. */
  readonly method: "GET" | "POST"
  readonly path: string
  /** The key of the ids; `ids` when not given. */
  readonly ids_key?: string
  readonly query?: Readonly<Record<string, string | number>>
  /** Ids that Falcon takes in one call. */
  readonly per_call: number
  /** What the API client needs, as the console names it. */
  readonly scopes: readonly string[]
  /** The field of a returned resource that holds its id. */
  readonly id_field: string
  /** Set when CrowdStrike has withdrawn the call. It is made all the same: an older tenant may answer. */
  readonly retired?: { readonly since: string; readonly successor: string }
}

interface Lookup<Slug extends string> extends Pick<Action, "title" | "description" | "resource"> {
  readonly slug: Slug
  /** The docker parameter of the Python module, where it is not the slug. */
  readonly alias?: string
  /** Ids of what, and how they look; for the documentation. */
  readonly ids: string
  /** Ids that make sense, for the documentation. */
  readonly example_ids: readonly [string, ...string[]]
  readonly call: LookupCall
  /** Falcon leaves out an id that it has nothing to tell about, which is no failure. */
  readonly may_be_absent?: true
  /** Stands around the call, to refuse some ids before or to add to the outcome after; `callInBulk` when not given. */
  readonly send?: (call: BulkCall) => Effect.Effect<Outcome, FalconError | ArgumentError, Falcon>
}

/** The request for these ids. */
export const lookupOperation = (call: LookupCall, ids: readonly string[]): Operation => {
  const { name, method, path, ids_key = "ids", query, scopes, retired } = call
  return {
    name,
    method,
    path,
    ...(method === "GET"
      ? { query: { ...query, [ids_key]: ids } }
      : { ...(query && { query }), body: { [ids_key]: ids } }),
    idempotent: true,
    scopes,
    ...(retired && { retired }),
  }
}

/**
 * Reads back what row errors are about, each call once: gives, by id, what `seenIn` makes of the resources that come. What cannot be read,
 * without the scope or for any other reason, is left out.
 */
export const readIdsBack = Effect.fnUntraced(function* (
  call: LookupCall,
  open: readonly RowError[],
  seenIn: (resource: unknown) => StateSeen | undefined,
): Effect.fn.Return<ReadonlyMap<string, StateSeen>, never, Falcon> {
  const falcon = yield* Falcon
  const idOf = idField(call.id_field)
  const ids = open.flatMap(({ id }) => id ?? [])
  const seen = new Map<string, StateSeen>()
  for (const some of splitIds(ids, call.per_call)) {
    const answer = yield* Effect.result(falcon.request({ ...lookupOperation(call, some), retry: "none" }))
    if (Result.isFailure(answer)) break
    for (const resource of answer.success.resources) {
      const id = idOf(resource)
      const state = seenIn(resource)
      if (id !== undefined && state !== undefined) seen.set(id, state)
    }
  }
  return seen
})

/** Declares an action with the one argument `ids`, which changes nothing. An id that does not come back is an error of its own. */
export const lookupAction = <const Slug extends string>(lookup: Lookup<Slug>) => {
  const { slug, alias = slug, title, description, resource, call, send = callInBulk } = lookup
  const { retired } = call
  return defineAction({
    slug,
    alias,
    title,
    description,
    arguments: z.strictObject({ ids: idsArgument(lookup.ids) }),
    resource,
    example: { ids: [...lookup.example_ids] },
    scopes: call.scopes,
    changes: false,
    destructive: false,
    idempotent: true,
    per_call: call.per_call,
    ...(retired && { retired }),
    run: ({ ids }, { per_call }) =>
      send({
        ids,
        per_call,
        in_query: call.method === "GET",
        idOf: idField(call.id_field),
        ...(lookup.may_be_absent && { may_be_absent: true }),
        operation: (some) => lookupOperation(call, some),
      }),
  })
}
