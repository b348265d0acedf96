/** The units of a cluster in the database: who has which, since when, under which epoch. */
import { Deferred, Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { StoreError } from "../errors.ts"
import { type Fence, Fenced } from "../store/fence.ts"
import { ask, type Database } from "./database.ts"

/** Makes a unit this process' own: from now on nobody stores anything under an earlier epoch of it. */
export const claimUnit = (database: Database, unit: string, runner: string): Effect.Effect<Fence, StoreError> =>
  Effect.gen(function* () {
    const { sql } = database
    const rows = yield* ask(
      database,
      sql<{ epoch: string }>`
        INSERT INTO akonis_units AS u (unit, epoch, runner) VALUES (${unit}, 1, ${runner})
        ON CONFLICT (unit) DO UPDATE SET epoch = u.epoch + 1, runner = excluded.runner, claimed_at = now()
        RETURNING epoch::text`,
    )
    return { unit, epoch: Number(rows[0]!.epoch), lost: Deferred.makeUnsafe<void>() }
  })

/** A row where the epoch is still that of the unit, locked until the statement or the transaction is over: a takeover waits for it. Without a fence there always is one. */
export const heldBy = (sql: SqlClient.SqlClient, fence: Fence | undefined) =>
  fence === undefined
    ? sql`SELECT 1 AS held`
    : sql`SELECT 1 AS held FROM akonis_units WHERE unit = ${fence.unit} AND epoch = ${fence.epoch}::bigint FOR SHARE`

/** The fence of the fiber that asks. Fails where it has none: only who holds a unit may store what is the unit's. */
export const fenceNow: Effect.Effect<Fence, StoreError> = Effect.flatMap(Fenced, (fence) =>
  fence === undefined ? Effect.fail(notHeld("this process does not hold the unit")) : Effect.succeed(fence),
)

/** Tells whoever works under this epoch that it is over, and fails. */
export const fenceLost = ({ unit, epoch, lost }: Fence): Effect.Effect<never, StoreError> =>
  Effect.andThen(
    Deferred.succeed(lost, undefined),
    Effect.fail(notHeld(`another process has taken ${unit} over since epoch ${epoch}`)),
  )

const notHeld = (why: string) =>
  new StoreError({ reason: "fenced", path: "cluster", message: `nothing was stored: ${why}` })
