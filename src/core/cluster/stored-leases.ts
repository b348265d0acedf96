/** The leases of a tenant's rate in the database of a cluster: one row a tenant. */
import { Effect } from "effect"
import type { StoreError } from "../errors.ts"
import { ask, type Database } from "./database.ts"
import type { Leases } from "./leases.ts"

/** The leases as they were read. */
interface SeenLeases {
  /** Rises with each change; 0 where there is no row yet. */
  readonly version: number
  readonly leases: Leases
  /** By the database's clock. */
  readonly now_ms: number
  /** How much longer nobody may send, because Falcon told one process to wait. */
  readonly hold_ms: number
}

export interface StoredLeases {
  readonly read: Effect.Effect<SeenLeases, StoreError>
  /** Stores these in place of what was read at this version; false where another process has stored others since. */
  readonly replace: (version: number, leases: Leases) => Effect.Effect<boolean, StoreError>
  /** Nobody sends for so long from now on. */
  readonly hold: (wait_ms: number) => Effect.Effect<void, StoreError>
  /** Ends the lease of a process. */
  readonly giveBack: (process: string) => Effect.Effect<void, StoreError>
}

export const storedLeases = (database: Database, tenant: string): StoredLeases => {
  const { sql } = database
  const read = Effect.map(
    ask(
      database,
      sql<{ version: number | null; leases: string | null; now_ms: number; hold_ms: number | null }>`
        SELECT r.version::float8 AS version, r.leases::text AS leases, extract(epoch FROM at)::float8 * 1000 AS now_ms,
          extract(epoch FROM r.held_until - at)::float8 * 1000 AS hold_ms
        FROM clock_timestamp() AS at LEFT JOIN akonis_rates AS r ON r.tenant = ${tenant}`,
    ),
    ([row]): SeenLeases => ({
      version: row!.version ?? 0,
      leases: JSON.parse(row!.leases ?? "{}") as Leases,
      now_ms: row!.now_ms,
      hold_ms: Math.max(0, row!.hold_ms ?? 0),
    }),
  )
  const replace = (version: number, leases: Leases) =>
    Effect.map(
      ask(
        database,
        sql`
          INSERT INTO akonis_rates AS r (tenant, version, leases) VALUES (${tenant}, 1, ${JSON.stringify(leases)}::text::jsonb)
          ON CONFLICT (tenant) DO UPDATE SET version = r.version + 1, leases = excluded.leases
          WHERE r.version = ${version}::bigint RETURNING tenant`,
      ),
      (stored) => stored.length > 0,
    )
  const hold = (wait_ms: number) =>
    Effect.asVoid(
      ask(
        database,
        sql`
          INSERT INTO akonis_rates AS r (tenant, version, leases, held_until)
          VALUES (${tenant}, 1, '{}', clock_timestamp() + make_interval(secs => ${wait_ms / 1_000}::float8))
          ON CONFLICT (tenant) DO UPDATE SET held_until = GREATEST(r.held_until, excluded.held_until)`,
      ),
    )
  const giveBack = (process: string) =>
    Effect.asVoid(
      ask(
        database,
        sql`UPDATE akonis_rates SET version = version + 1, leases = leases - ${process}::text WHERE tenant = ${tenant}`,
      ),
    )
  return { read, replace, hold, giveBack }
}
