/** The customers below a Flight Control parent, as Falcon lists them. */
import { Effect } from "effect"
import { FailedTry } from "../failed-try.ts"
import { type Envelope, Falcon, failWhenEmpty, type Operation } from "../falcon/client.ts"
import type { FalconError } from "../falcon/errors.ts"
import { failure } from "../falcon/failure.ts"
import { failEmptyPage, failWithoutList } from "../falcon/list-answer.ts"
import { eachPage } from "../falcon/paginate.ts"
import { splitIds } from "../falcon/split-ids.ts"
import { cleanTextOr } from "../text.ts"
import { flight_control as limits } from "./limits.ts"

/** What the parent's API client needs, as the console names it (PSFalcon). */
const scopes = ["Flight Control: Read"]

/** Customer ids by pages of `limit` and `offset` (gofalcon `query_children_parameters.go`). */
const query: Operation = {
  name: "flight_control.children",
  method: "GET",
  path: "/mssp/queries/children/v1",
  idempotent: true,
  scopes,
}

/** The links of up to 500 children (FalconPy `getChildrenV2`; gofalcon `domain.ChildLink`). */
const details = (ids: readonly string[]): Operation => ({
  name: "flight_control.links",
  method: "POST",
  path: "/mssp/entities/children/GET/v2",
  body: { ids },
  idempotent: true,
  scopes,
})

/** Names of children by their customer ids, which have 32 lower-case hexadecimal characters; empty where Falcon tells none. */
export type Children = ReadonlyMap<string, string>

/** What Falcon lists. */
export interface Listing {
  readonly children: Children
  /** Why what is missing in it may be there all the same; `undefined` where it is the whole list. */
  readonly doubt?: ListDoubt
}

/**
 * `repeats`: some are listed twice, in place of others perhaps. `capped`: there are more than are followed. `unpaged`: the
 * last page is a full one, and no total says that it is the last.
 */
export type ListDoubt = "repeats" | "capped" | "unpaged"

/**
 * Lists every child with its name. Fails where an answer holds no list, ends before its total or holds errors: such a list says nothing
 * about who is gone. A name that cannot be had is empty.
 */
export const listChildren: Effect.Effect<Listing, FalconError, Falcon> = Effect.gen(function* () {
  const falcon = yield* Falcon
  const whole = (operation: Operation) =>
    Effect.gen(function* () {
      const page = yield* failWithoutList(operation, yield* failWhenEmpty(operation, yield* falcon.request(operation)))
      const [error] = page.errors
      if (error === undefined) return page
      return yield* failure(operation, "malformed", `a part of the list is missing: ${error.code} ${error.message}`)
    })
  const cids = new Set<string>()
  const entries = new Set<unknown>()
  let read = 0
  let total = 0
  const options = { page_size: limits.page, limit: limits.children_max, is_numbered: true }
  const { next, is_open } = yield* eachPage(whole, query, options, (page) =>
    Effect.gen(function* () {
      read += page.resources.length
      total = Math.max(total, Number(page.pagination?.total) || 0)
      yield* failEmptyPage(query, page, read)
      for (const resource of page.resources) {
        entries.add(resource)
        const cid = cidOf(resource)
        if (cid !== undefined) cids.add(cid)
      }
    }),
  )
  if (read < Math.min(total, limits.children_max)) {
    return yield* failure(query, "malformed", `the list ended after ${read} of ${total} children`)
  }
  const doubts: readonly (readonly [ListDoubt, boolean])[] = [
    ["capped", next !== undefined || read > limits.children_max],
    ["repeats", entries.size < read],
    ["unpaged", is_open],
  ]
  const [doubt] = doubts.find(([, is_so]) => is_so) ?? []
  return { children: yield* named([...cids]), ...(doubt !== undefined && { doubt }) }
})

/** The id without the checksum that the console shows behind it. */
const cidOf = (value: unknown): string | undefined =>
  typeof value === "string" ? /^([0-9a-f]{32})(-[0-9a-f]{2})?$/.exec(value.toLowerCase())?.[1] : undefined

const named = Effect.fnUntraced(function* (cids: readonly string[]): Effect.fn.Return<Children, FalconError, Falcon> {
  const falcon = yield* Falcon
  const children = new Map(cids.map((cid) => [cid, ""]))
  for (const some of splitIds(cids, limits.details)) {
    // Names are for people alone: without one, a child is known by its id, and the list is whole.
    const asked = yield* falcon.request(details(some)).pipe(
      Effect.provideService(FailedTry, () => Effect.void),
      Effect.result,
    )
    if (asked._tag === "Failure") yield* Effect.logWarning(`names of children are not known: ${asked.failure.message}`)
    else for (const [cid, name] of namesIn(asked.success)) if (children.has(cid)) children.set(cid, name)
  }
  return children
})

const namesIn = ({ resources }: Envelope): (readonly [string, string])[] =>
  resources.flatMap((link) => {
    const { child_cid, name } = Object(link) as { readonly child_cid?: unknown; readonly name?: unknown }
    const cid = cidOf(child_cid)
    return cid === undefined ? [] : [[cid, cleanTextOr(name, limits.name_chars_max, "")]]
  })
