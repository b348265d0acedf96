/** The checkpoints of a tenant's inventories in the database of a cluster, key by key, fenced by the epoch of the unit that stores. */
import { Effect, Layer } from "effect"
import { Checkpoints } from "../store/checkpoints.ts"
import { Tenant } from "../tenant/identity.ts"
import { ask, type Database } from "./database.ts"
import { fenceLost, fenceNow, heldBy } from "./units.ts"

/** Remembers nothing: two plugins of a tenant may work in two processes. */
export const layerStoredCheckpoints = (database: Database): Layer.Layer<Checkpoints, never, Tenant> =>
  Layer.effect(
    Checkpoints,
    Effect.map(Tenant, ({ id: tenant }) => {
      const { sql } = database
      const all = Effect.map(
        ask(
          database,
          sql<{ key: string; value: string }>`SELECT key, value::text FROM akonis_checkpoints WHERE tenant = ${tenant}`,
        ),
        (rows) => Object.fromEntries(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown])),
      )
      const set = Effect.fnUntraced(function* (changes: Readonly<Record<string, unknown>>) {
        const text = JSON.stringify(changes)
        if (text === "{}") return
        const fence = yield* fenceNow
        const stored = yield* ask(
          database,
          sql`
            WITH held AS (${heldBy(sql, fence)})
            INSERT INTO akonis_checkpoints (tenant, key, value)
            SELECT ${tenant}, entry.key, entry.value FROM held, jsonb_each(${text}::text::jsonb) AS entry
            ON CONFLICT (tenant, key) DO UPDATE SET value = excluded.value
            RETURNING key`,
        )
        if (stored.length === 0) return yield* fenceLost(fence)
      })
      return Checkpoints.of({ all, set })
    }),
  )
