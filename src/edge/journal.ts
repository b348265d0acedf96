/**
 * Idempotency keys at the edge, in a {@link KeyValueStore}. The beginning of a change is written to the audit log and to the store before
 * Falcon is asked, its end afterwards: a place that is taken away in between leaves a line whose outcome is `unknown`, and a key that
 * answers 409 once nobody can be at it any more.
 */
import { createHash } from "node:crypto"
import { Clock, Effect } from "effect"
import type { Begun, Journal, Reply } from "../core/actions/idempotency.ts"
import { actions } from "../core/actions/limits.ts"
import { type Refusal, refuse } from "../core/actions/problem.ts"
import type { EdgeAudit } from "./audit.ts"
import { edge } from "./limits.ts"
import type { KeyValueStore } from "./store.ts"

interface Stored {
  readonly hash: string
  readonly at_ms: number
  /** Absent while it runs. */
  readonly done?: true
  /** Absent when it was too large to keep. */
  readonly reply?: Reply
}

interface Parts {
  readonly tenant: string
  readonly store: KeyValueStore
  readonly audit: EdgeAudit
  /** Keys that this isolate is at; it outlives the request. */
  readonly running: Set<string>
}

export const makeEdgeJournal = ({ tenant, store, audit, running }: Parts): Journal => {
  const write = (id: string, value: Stored) =>
    asking(() => store.put(id, JSON.stringify(value), { expirationTtl: edge.key_life_s }))

  /** Puts the beginning where nothing is; else gives what is there. */
  const claim = Effect.fnUntraced(function* (id: string, value: Stored) {
    const known = yield* asking(() => store.get(id))
    if (typeof known === "string") return JSON.parse(known) as Stored
    if (store.add === undefined) {
      yield* write(id, value)
      return undefined
    }
    const added = yield* asking(() => store.add!(id, JSON.stringify(value), { expirationTtl: edge.key_life_s }))
    // Somebody was faster, and is at it.
    return added ? undefined : value
  })

  const end = (id: string | undefined, value: Stored) => (reply: Reply, is_final: boolean) => {
    if (id === undefined) return Effect.void
    const fits = JSON.stringify(reply).length <= actions.answer_bytes_max
    const stored = is_final
      ? write(id, { ...value, done: true, ...(fits && { reply }) })
      : asking(() => store.delete(id))
    return stored.pipe(
      Effect.catch(({ problem }) => Effect.logError(`${problem.detail}; how an action ended is not stored`)),
      Effect.ensuring(Effect.sync(() => void running.delete(id))),
    )
  }

  const begin: Journal["begin"] = Effect.fnUntraced(function* (attempt): Effect.fn.Return<Begun, Refusal> {
    const at_ms = yield* Clock.currentTimeMillis
    const value: Stored = { hash: attempt.hash, at_ms }
    const id = attempt.key === undefined ? undefined : nameOf(tenant, attempt.key)
    if (id !== undefined) {
      if (running.has(id)) return yield* underWay
      running.add(id)
    }
    const giveBack = Effect.sync(() => void (id !== undefined && running.delete(id)))
    return yield* Effect.gen(function* () {
      const known = id === undefined ? undefined : yield* claim(id, value)
      if (known !== undefined) {
        yield* giveBack
        return { replay: yield* replay(known, value) }
      }
      if (attempt.audit !== undefined) {
        yield* audit.writeNow({ ...attempt.audit, outcome: "unknown", detail: "begun" }).pipe(
          Effect.mapError(({ message }) => refuse("not-ready", `nothing was done: ${message}`)),
          Effect.tapError(() => (id === undefined ? Effect.void : Effect.ignore(asking(() => store.delete(id))))),
        )
      }
      return { end: end(id, value) }
    }).pipe(Effect.tapCause(() => giveBack))
  })

  return { begin }
}

/** The store's name of a key: any characters, any length. */
const nameOf = (tenant: string, key: string): string =>
  `akonis-${createHash("sha256")
    .update(JSON.stringify([tenant, key]))
    .digest("base64url")}`

const asking = <A>(ask: () => Promise<A>): Effect.Effect<A, Refusal> =>
  Effect.tryPromise({
    try: async () => ask(),
    catch: (error) =>
      refuse("not-ready", `nothing was done: the store of idempotency keys does not answer: ${String(error)}`),
  })

const underWay = refuse("not-ready", "this is being carried out under the same Idempotency-Key; ask again", {
  retry_after_s: edge.running_retry_s,
})

const replay = (known: Stored, { hash, at_ms }: Stored): Effect.Effect<Reply, Refusal> => {
  if (known.hash !== hash)
    return refuse("idempotency-conflict", "this Idempotency-Key was used with other arguments; choose a new one")
  if (known.reply !== undefined) return Effect.succeed(known.reply)
  if (known.done === true)
    return refuse(
      "idempotency-conflict",
      "this was done before; its answer was too large to be kept, so look in Falcon",
    )
  if (at_ms - known.at_ms < edge.running_ms_max) return underWay
  return refuse(
    "idempotency-in-doubt",
    "an earlier request ended while it did this, so that nobody knows whether it happened: look in Falcon, then use a new Idempotency-Key",
  )
}
