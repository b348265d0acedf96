/**
 * The journal of changes in the database of a cluster: an `Idempotency-Key` replays the first answer, whichever process is asked. A
 * row is there before Falcon is called. One whose process ended before it told the outcome is in doubt: its key answers 409, and the
 * audit log gets a line with the outcome `unknown`.
 */
import { Clock, Effect, Schedule } from "effect"
import type { Audit, AuditLine } from "../actions/audit.ts"
import { type Attempt, type Begun, cutOff, type Journal, type Reply, replay } from "../actions/idempotency.ts"
import { actions as bounds, journal as limits } from "../actions/limits.ts"
import { type Refusal, refuse } from "../actions/problem.ts"
import type { StoreError } from "../errors.ts"
import { ask, type Database } from "./database.ts"
import { cluster_journal, membership } from "./limits.ts"

interface Row {
  readonly hash: string
  readonly state: "running" | "done" | "doubt"
  readonly reply: string | null
}

/** The journal of one tenant, as a process of this id writes it. */
export const storedJournal = (
  database: Database,
  tenant: string,
  process: string,
  audit: Audit,
): Effect.Effect<Journal, StoreError> => {
  const { sql } = database
  const run = <A>(statement: Parameters<typeof ask<A>>[1]) => ask(database, statement)

  /** What processes that are gone have left: in doubt from now on. Whoever finds it writes the audit line. */
  const sweep = Effect.gen(function* () {
    const silent_s = membership.silent_ms_max / 1_000
    const left = yield* run(
      sql<{ audit: string | null }>`
        UPDATE akonis_journal SET state = 'doubt' WHERE tenant = ${tenant} AND state = 'running' AND NOT EXISTS (
          SELECT FROM akonis_processes AS p
          WHERE p.process = akonis_journal.process AND p.seen_at > now() - make_interval(secs => ${silent_s})
        )
        RETURNING audit`,
    )
    const now_ms = yield* Clock.currentTimeMillis
    for (const row of left)
      if (row.audit !== null) yield* audit.write(cutOff(JSON.parse(row.audit) as AuditLine, now_ms))
    yield* run(
      sql`DELETE FROM akonis_journal WHERE tenant = ${tenant} AND state <> 'running'
        AND (NOT is_kept OR begun_at < now() - make_interval(secs => ${bounds.key_life_ms / 1_000}))`,
    )
  })

  const end = (key: string, is_kept: boolean) => (reply: Reply, is_final: boolean) =>
    Effect.suspend(() => {
      const text = JSON.stringify(reply)
      const stored = text.length <= bounds.answer_bytes_max ? text : null
      const statement =
        is_final && is_kept
          ? sql`UPDATE akonis_journal SET state = 'done', reply = ${stored} WHERE tenant = ${tenant} AND key = ${key}`
          : sql`DELETE FROM akonis_journal WHERE tenant = ${tenant} AND key = ${key}`
      return run(statement).pipe(
        Effect.retry(
          Schedule.spaced(cluster_journal.end_again_ms).pipe(Schedule.upTo({ times: cluster_journal.end_tries_max })),
        ),
        Effect.catch(({ message }) => Effect.logError(`${message}; how an action ended is not stored`)),
        Effect.asVoid,
      )
    })

  const refuseOwnerOfMany = Effect.fnUntraced(function* (owner: string) {
    const [row] = yield* run(
      sql<{
        keys: number
      }>`SELECT count(*)::int AS keys FROM akonis_journal WHERE tenant = ${tenant} AND owner = ${owner} AND is_kept`,
    )
    if ((row?.keys ?? 0) < limits.keys_per_caller_max) return
    const detail = `${limits.keys_per_caller_max} idempotency keys of this token are being remembered; come back later, or leave the key out`
    return yield* refuse("not-ready", detail, { retry_after_s: 600 })
  })

  const begin = (attempt: Attempt): Effect.Effect<Begun, Refusal> =>
    Effect.gen(function* () {
      const is_kept = attempt.key !== undefined
      const key = attempt.key ?? crypto.randomUUID()
      yield* sweep
      for (;;) {
        if (is_kept) yield* refuseOwnerOfMany(attempt.owner)
        const text = attempt.audit === undefined ? null : JSON.stringify(attempt.audit)
        const made = yield* run(
          sql`INSERT INTO akonis_journal (tenant, key, owner, hash, process, state, is_kept, audit)
            VALUES (${tenant}, ${key}, ${attempt.owner}, ${attempt.hash}, ${process}::uuid, 'running', ${is_kept}, ${text})
            ON CONFLICT DO NOTHING RETURNING key`,
        )
        if (made.length > 0) return { end: end(key, is_kept) }
        const [known] = yield* run(
          sql<Row>`SELECT hash, state, reply FROM akonis_journal WHERE tenant = ${tenant} AND key = ${key}`,
        )
        // It ended with nothing that is remembered: this request may try.
        if (known === undefined) continue
        const { hash, state, reply } = known
        const entry = { hash, state, ...(reply !== null && { reply }) }
        // Another process is at it: its answer will be this one's, too.
        if (state !== "running" || hash !== attempt.hash) return { replay: yield* replay(entry, attempt, undefined) }
        yield* Effect.interruptible(Effect.sleep(cluster_journal.look_ms))
        yield* sweep
      }
    }).pipe(Effect.catchTag("StoreError", ({ message }) => refuse("not-ready", `nothing was done: ${message}`)))

  return Effect.as(sweep, { begin })
}
