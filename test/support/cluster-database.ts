/** A migrated database of a cluster for tests of its stores. */
import { Effect } from "effect"
import { openDatabase } from "../../src/core/cluster/database.ts"
import { migrate } from "../../src/core/cluster/migrations.ts"
import { secretText } from "../../src/core/config/secret.ts"
import { postgres } from "./postgres.ts"

/** A pool of its own, as another process has one. */
export const openPool = (url: string) =>
  openDatabase({ database_url: secretText(url), connections_max: 4, runner_host: "a", runner_port: 1 }, "test")

/** The URL of an empty database. */
export const emptyDatabase = Effect.promise(async () => (await postgres()).database())

let migrated: string | undefined

/** A migrated database with nothing in it: one for all tests of this process, which come one after the other. */
export const clusterDatabase = Effect.gen(function* () {
  const is_new = migrated === undefined
  migrated ??= yield* emptyDatabase
  const db = yield* openPool(migrated)
  const clear = db.sql`TRUNCATE akonis_units, akonis_offsets, akonis_checkpoints, akonis_files, akonis_file_parts, akonis_processes, akonis_journal, akonis_rates`
  yield* is_new ? migrate(db) : Effect.orDie(clear)
  return db
})

/** The URL of a new migrated database. */
export const clusterUrl = Effect.gen(function* () {
  const url = yield* emptyDatabase
  yield* Effect.scoped(Effect.flatMap(openPool(url), migrate))
  return url
})
