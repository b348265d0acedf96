/** Waiting until things are as an action wants them: what Falcon accepts at once and carries out later. */
import { Clock, Effect, Result } from "effect"
import { z } from "zod"
import { Falcon } from "../falcon/client.ts"
import { splitIds } from "../falcon/split-ids.ts"
import type { RowError, Settling } from "./action.ts"
import { idKey } from "./errors-by-id.ts"
import { waits as bounds } from "./limits.ts"

export const wait_row = z.object({
  id: z.string(),
  state: z
    .enum(["confirmed", "pending", "failed"])
    .describe(
      "`confirmed`: it is as was asked for. `pending`: not by the end of the wait. `failed`: Falcon refused it.",
    ),
  before: z.string().nullable().describe("How it was; null when that could not be read."),
  after: z.string().nullable().describe("How it was when it was looked at last."),
})

export type WaitRow = z.output<typeof wait_row>

/** The states of things, by the key of their ids. What cannot be read is left out: it is looked at again. */
export const readStates = Effect.fnUntraced(function* (
  { look, stateOf }: Settling,
  ids: readonly string[],
): Effect.fn.Return<ReadonlyMap<string, string>, never, Falcon> {
  const falcon = yield* Falcon
  const found = new Map<string, string>()
  for (const some of splitIds(ids, bounds.looked_at_per_call)) {
    const answer = yield* Effect.result(falcon.request(look(some)))
    if (Result.isFailure(answer)) continue
    for (const one of answer.success.resources.flatMap((resource) => stateOf(resource) ?? [])) {
      found.set(idKey(one.id), one.state)
    }
  }
  return found
})

/** Each id once, with how it was before: those that the answer refuses have failed, everything else is pending. */
export const firstRows = (
  { ids }: Settling,
  before: ReadonlyMap<string, string>,
  { errors }: { readonly errors: readonly RowError[] },
): readonly WaitRow[] => {
  const refused = new Set(errors.filter(({ outcome }) => outcome === undefined).map(({ id = "" }) => idKey(id)))
  const by_key = new Map(ids.map((id) => [idKey(id), id] as const))
  return [...by_key].map(([key, id]) => {
    const was = before.get(key) ?? null
    return { id, state: refused.has(key) ? "failed" : "pending", before: was, after: was }
  })
}

/** Looks again and again until nothing is pending, or `until_ms`. Gives the rows after each look to `onRows`. */
export const waitWhilePending = Effect.fnUntraced(function* <E, R>(
  settling: Settling,
  first: readonly WaitRow[],
  until_ms: number,
  onRows: (rows: readonly WaitRow[]) => Effect.Effect<void, E, R>,
): Effect.fn.Return<readonly WaitRow[], E, Falcon | R> {
  let rows = first
  for (let pause_ms: number = bounds.look_ms; ; pause_ms = Math.min(2 * pause_ms, bounds.look_ms_max)) {
    const pending = rows.filter(({ state }) => state === "pending").map(({ id }) => id)
    if (pending.length === 0) return rows
    const states = yield* readStates(settling, pending)
    rows = rows.map((row) => {
      const state = row.state === "pending" ? states.get(idKey(row.id)) : undefined
      if (state === undefined) return row
      return { ...row, after: state, state: state === settling.wanted ? "confirmed" : "pending" }
    })
    yield* onRows(rows)
    const left_ms = until_ms - (yield* Clock.currentTimeMillis)
    if (rows.every(({ state }) => state !== "pending") || left_ms <= 0) return rows
    yield* Effect.sleep(Math.min(pause_ms, left_ms))
  }
})
