/** Answers of 2xx that say less than they seem to: what is missing from them would never be looked up again. */
import { Effect } from "effect"
import type { Envelope, Operation } from "../../core/falcon/client.ts"
import type { FalconError } from "../../core/falcon/errors.ts"
import { isList } from "../../core/falcon/list-answer.ts"
import { backoffMs } from "../../core/http/client/backoff.ts"

/** Times that a doubtful answer is asked for again, with backoff, before it is believed. */
export const doubts_max = 3
/** Times that ids are asked for again which were left out of an answer without a word. */
const asked_again_max = 2
/** Errors that one line quotes. */
const quoted_max = 3

/** Lists that have entries in every tenant: an empty one is never believed. */
const never_empty: ReadonlySet<string> = new Set(["threatgraph.edge-types"])

export interface Doubt {
  /** For people. */
  readonly what: string
  /**
   * Said often enough, it counts: some of Falcon's services write an empty list as `null`. An answer without content never does, and
   * neither does one beside which Falcon names a failure of its own.
   */
  readonly may_be_true: boolean
}

/** `undefined` for an answer that can be believed. That an id is not known (404) is one. */
export const doubtOf = (operation: Operation, { resources, errors, ...answer }: Envelope): Doubt | undefined => {
  const failed = errors.filter(({ code }) => code !== 404)
  if (failed.length > 0) {
    const quoted = failed.slice(0, quoted_max).map(({ code, message }) => `${code} ${message}`)
    return { what: `comes with errors: ${quoted.join("; ")}`, may_be_true: failed.every(({ code }) => lasts(code)) }
  }
  if (never_empty.has(operation.name) && resources.length === 0) return { what: "is empty", may_be_true: false }
  if (errors.length > 0 || isList({ resources, errors, ...answer })) return undefined
  return { what: "holds no list", may_be_true: Object.keys(answer.meta).length > 0 }
}

/** Whether an error is there tomorrow, too. One of Falcon's own passes, as it does when it is the status of the answer. */
const lasts = (code: number): boolean => code < 500 && code !== 429 && code !== 401

interface Found<A> {
  readonly items: readonly A[]
  /** Ids that the answer itself says are not known. */
  readonly unknown: number
}

/**
 * Everything that is found of `ids`. Those that are left out of an answer without an error are asked for again, up to twice and
 * after a wait; then they count as not there. A call that is refused as a whole fails only when it is the first.
 */
export const askUntilTold = Effect.fnUntraced(function* <A>(
  ids: readonly string[],
  idOf: (item: A) => unknown,
  ask: (ids: readonly string[]) => Effect.Effect<Found<A>, FalconError>,
): Effect.fn.Return<readonly A[], FalconError> {
  const { items, unknown } = yield* ask(ids)
  const found = [...items]
  let open = without(ids, items.map(idOf))
  let silent = open.length > unknown
  for (let again = 1; silent && again <= asked_again_max; again++) {
    yield* Effect.sleep(yield* backoffMs(again))
    const more = yield* Effect.catchIf(
      ask(open),
      ({ reason }) => reason === "rejected",
      () => Effect.succeed({ items: [], unknown: open.length }),
    )
    found.push(...more.items)
    open = without(open, more.items.map(idOf))
    silent = open.length > more.unknown
  }
  return found
})

const without = (ids: readonly string[], found: readonly unknown[]): readonly string[] => {
  const known = new Set(found)
  return ids.filter((id) => !known.has(id))
}
