/** Takes over what a single process has committed, for tenants that the database of a cluster knows nothing of yet. */
import { Effect, type FileSystem, Layer } from "effect"
import type { StoreError } from "../errors.ts"
import { Offsets } from "../store/offsets.ts"
import { Tenant } from "../tenant/identity.ts"
import { ask, type Database } from "./database.ts"

interface Imported {
  readonly tenant: string
  /** Partitions in its `cache.json`; 0 where there is none. */
  readonly found: number
  /** Those that are in the database now because of it: all, or none where it had offsets of the tenant before. */
  readonly stored: number
}

/**
 * Stores the offsets of the tenants' `cache.json` in the database. A tenant of which it has any offset is left as it is: what a cluster has
 * committed is newer. All files are read before anything is stored; one that is damaged fails.
 */
export const importOffsets = Effect.fnUntraced(function* (
  database: Database,
  tenants: readonly { readonly id: string; readonly data_dir: string }[],
): Effect.fn.Return<readonly Imported[], StoreError, FileSystem.FileSystem> {
  const files = yield* Effect.forEach(tenants, (tenant) =>
    Effect.map(readOffsets(tenant), (offsets) => ({ tenant: tenant.id, offsets })),
  )
  return yield* Effect.forEach(files, ({ tenant, offsets }) =>
    Effect.map(storeWhereNone(database, tenant, offsets), (stored) => ({
      tenant,
      found: Object.keys(offsets).length,
      stored,
    })),
  )
})

const readOffsets = ({ id, data_dir }: { readonly id: string; readonly data_dir: string }) =>
  Effect.flatMap(Offsets, ({ open }) => open).pipe(
    Effect.map(({ roots, get }) => Object.fromEntries(roots().map((root) => [root, get(root)]))),
    Effect.provide(Layer.provide(Offsets.layer, Layer.succeed(Tenant, { id, data_dir }))),
  )

const storeWhereNone = (database: Database, tenant: string, offsets: Readonly<Record<string, number>>) => {
  const { sql } = database
  const stored = sql`
    INSERT INTO akonis_offsets (tenant, partition, last_offset)
    SELECT ${tenant}, entry.key, entry.value::bigint FROM jsonb_each_text(${JSON.stringify(offsets)}::text::jsonb) AS entry
    WHERE NOT EXISTS (SELECT FROM akonis_offsets WHERE tenant = ${tenant})
    ON CONFLICT DO NOTHING RETURNING partition`
  return Effect.map(ask(database, stored), (rows) => rows.length)
}
