/** The committed offsets of one tenant in the database of a cluster, fenced by the epoch of the unit that commits. */
import { Effect, Layer } from "effect"
import { Offsets, type OpenOffsets } from "../store/offsets.ts"
import { Tenant } from "../tenant/identity.ts"
import { ask, type Database } from "./database.ts"
import { fenceLost, fenceNow, heldBy } from "./units.ts"

/** Reads what is stored at each `open`: another process may have moved it since. */
export const layerStoredOffsets = (database: Database): Layer.Layer<Offsets, never, Tenant> =>
  Layer.effect(
    Offsets,
    Effect.map(Tenant, ({ id }) => Offsets.of({ open: openOf(database, id) })),
  )

const openOf = (database: Database, tenant: string) =>
  Effect.gen(function* () {
    const { sql } = database
    const rows = yield* ask(
      database,
      sql<Row>`SELECT partition, last_offset::text FROM akonis_offsets WHERE tenant = ${tenant}`,
    )
    const offsets = new Map(rows.map(({ partition, last_offset }) => [partition, Number(last_offset)]))

    const commit = Effect.fnUntraced(function* (partition: string, offset: number) {
      const fence = yield* fenceNow
      const [stored] = yield* ask(
        database,
        sql<Row>`
          WITH held AS (${heldBy(sql, fence)})
          INSERT INTO akonis_offsets AS o (tenant, partition, last_offset)
          SELECT ${tenant}, ${partition}, ${offset}::bigint FROM held
          ON CONFLICT (tenant, partition) DO UPDATE
          SET last_offset = GREATEST(o.last_offset, excluded.last_offset), committed_at = now()
          RETURNING partition, last_offset::text`,
      )
      if (stored === undefined) return yield* fenceLost(fence)
      offsets.set(partition, Number(stored.last_offset))
    })

    return {
      get: (root_url) => offsets.get(root_url) ?? -1,
      roots: () => [...offsets.keys()],
      commit,
    } satisfies OpenOffsets
  })

interface Row {
  readonly partition: string
  readonly last_offset: string
}
