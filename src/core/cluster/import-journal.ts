/**
 * Takes over the idempotency keys of a single process (`core/actions/idempotency-file.ts`), so that none acts a second time. What the database has
 * under a key already is left as it is.
 */
import { Clock, Effect, type FileSystem } from "effect"
import { readEntries } from "../actions/idempotency-file.ts"
import { actions as bounds } from "../actions/limits.ts"
import type { StoreError } from "../errors.ts"
import { readIfPresent } from "../store/atomic-file.ts"
import { ask, type Database } from "./database.ts"

interface Imported {
  readonly tenant: string
  /** Keys that are in the database now because of it, and actions that were cut off. */
  readonly stored: number
  /** Keys that the database had already. */
  readonly left: number
  /** Lines that cannot be read, of `idempotency.damaged.ndjson` too: keys that stand in them are not taken over. */
  readonly unread: number
}

/**
 * One tenant after the other; it may be called again. What is over a day old stays behind. An action that was cut off is entered as that of a
 * process that is gone: the first process of the cluster to look has it in doubt, and writes its audit line. One without a key is kept under its id
 * for a day, so that a second import does not enter it again.
 */
export const importJournal = (
  database: Database,
  tenants: readonly { readonly id: string; readonly data_dir: string }[],
): Effect.Effect<readonly Imported[], StoreError, FileSystem.FileSystem> =>
  Effect.forEach(tenants, ({ id: tenant, data_dir }) =>
    Effect.gen(function* () {
      const { sql } = database
      const nobody = crypto.randomUUID()
      const now_ms = yield* Clock.currentTimeMillis
      const { found, damaged } = readEntries((yield* readIfPresent(`${data_dir}/idempotency.ndjson`)) ?? "")
      const before = (yield* readIfPresent(`${data_dir}/idempotency.damaged.ndjson`)) ?? ""
      const entries = found.filter(({ key, state, at_ms }) =>
        key === undefined ? state === "running" : now_ms - at_ms < bounds.key_life_ms,
      )
      let stored = 0
      for (const { id, key, owner = "", hash, at_ms, state, reply = null, audit } of entries) {
        const line = audit === undefined ? null : JSON.stringify(audit)
        const age_s = Math.max(0, now_ms - at_ms) / 1_000
        const rows = yield* ask(
          database,
          sql`INSERT INTO akonis_journal (tenant, key, owner, hash, begun_at, process, state, is_kept, reply, audit)
            VALUES (${tenant}, ${key ?? id}, ${owner}, ${hash}, now() - make_interval(secs => ${age_s}), ${nobody}::uuid,
              ${state}, true, ${reply}, ${line})
            ON CONFLICT DO NOTHING RETURNING key`,
        )
        stored += rows.length
      }
      const unread = damaged.length + before.split("\n").filter((line) => line !== "").length
      return { tenant, stored, left: entries.length - stored, unread }
    }),
  )
