/**
 * The tables of a cluster, in versions. `akonis cluster migrate` carries out those that are missing, each once, in one transaction; a
 * process that finds a version missing or one that it does not know does not start.
 */
import { Effect, Layer } from "effect"
import { SqlRunnerStorage } from "effect/cluster"
import { Migrator, SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"
import { StoreError } from "../errors.ts"
import { ask, type Database, wordsOf } from "./database.ts"

/** Every table of ours, and those of the cluster's engine, begin so. */
export const table_prefix = "akonis"
const history_table = `${table_prefix}_migrations`

const statement = (text: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(text))

/** Never changed once released: a change is a further version. */
const versions: Readonly<Record<string, readonly string[]>> = {
  "0001_offsets": [
    `CREATE TABLE akonis_units (
      unit text PRIMARY KEY,
      epoch bigint NOT NULL,
      runner text NOT NULL,
      claimed_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE TABLE akonis_offsets (
      tenant text NOT NULL,
      partition text NOT NULL,
      last_offset bigint NOT NULL CHECK (last_offset >= 0),
      committed_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant, partition)
    )`,
  ],
  "0002_files": [
    `CREATE TABLE akonis_checkpoints (
      tenant text NOT NULL,
      key text NOT NULL,
      value jsonb NOT NULL,
      PRIMARY KEY (tenant, key)
    )`,
    `CREATE TABLE akonis_files (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant text NOT NULL,
      name text NOT NULL,
      size bigint NOT NULL,
      changed_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (tenant, name)
    )`,
    `CREATE TABLE akonis_file_parts (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      file bigint NOT NULL REFERENCES akonis_files ON DELETE CASCADE,
      bytes bytea NOT NULL
    )`,
    "CREATE INDEX akonis_file_parts_of ON akonis_file_parts (file, seq)",
    `CREATE TABLE akonis_processes (
      process uuid PRIMARY KEY,
      runner text NOT NULL,
      version text NOT NULL,
      works boolean NOT NULL,
      seen_at timestamptz NOT NULL DEFAULT now()
    )`,
  ],
  "0003_journal": [
    `CREATE TABLE akonis_journal (
      tenant text NOT NULL,
      key text NOT NULL,
      owner text NOT NULL,
      hash text NOT NULL,
      begun_at timestamptz NOT NULL DEFAULT now(),
      process uuid NOT NULL,
      state text NOT NULL CHECK (state IN ('running', 'done', 'doubt')),
      is_kept boolean NOT NULL,
      reply text,
      audit text,
      PRIMARY KEY (tenant, key)
    )`,
  ],
  "0004_rates": [
    `CREATE TABLE akonis_rates (
      tenant text PRIMARY KEY,
      version bigint NOT NULL,
      leases jsonb NOT NULL,
      held_until timestamptz
    )`,
  ],
  "0005_events": ["ALTER TABLE akonis_processes ADD COLUMN events_per_s jsonb NOT NULL DEFAULT '{}'"],
}

/** Names of the versions, in order. */
const version_names: readonly string[] = Object.keys(versions)

const loader = Migrator.fromRecord(
  Object.fromEntries(
    Object.entries(versions).map(([name, statements]) => [
      name,
      Effect.forEach(statements, statement, { discard: true }),
    ]),
  ),
)

/** Brings the database to this version of Akonis, the tables of the cluster's engine included. Gives what was carried out. */
export const migrate = ({ sql, place }: Database): Effect.Effect<readonly string[], StoreError> => {
  const own = Migrator.make({})({ loader, table: history_table })
  const engine = Layer.build(SqlRunnerStorage.layerMigrations({ prefix: table_prefix }))
  return Effect.gen(function* () {
    const done = yield* own
    yield* Effect.scoped(engine)
    return done.map(([, name]) => name)
  }).pipe(
    Effect.provideService(SqlClient.SqlClient, sql),
    Effect.catchDefect((defect) => Effect.fail(failed(place, String(defect)))),
    Effect.mapError((error) =>
      error instanceof StoreError ? error : failed(place, error._tag === "SqlError" ? wordsOf(error) : error.message),
    ),
  )
}

const failed = (place: string, why: string) =>
  new StoreError({
    reason: "unwritable",
    path: place,
    message: `the database ${place} cannot be migrated: ${why}. Nothing of that version was changed; the role needs the right to connect and to create tables`,
  })

/** Fails unless the database has exactly the versions of this Akonis. */
export const checkVersion = (database: Database): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    const { sql, place } = database
    const rows = yield* ask(database, sql<{ name: string | null }>`SELECT to_regclass(${history_table})::text AS name`)
    const has_history = rows[0]?.name !== null
    const found = has_history ? yield* ask(database, namesOf(sql)) : []
    const wanted = version_names.map((name) => name.replace(/^\d+_/, ""))
    const missing = wanted.filter((name) => !found.includes(name))
    const unknown = found.filter((name) => !wanted.includes(name))
    if (missing.length === 0 && unknown.length === 0) return
    const message =
      missing.length > 0
        ? `the database ${place} lacks ${missing.join(", ")}: run akonis cluster migrate once, with a role that may create tables`
        : `the database ${place} was migrated by a newer Akonis (${unknown.join(", ")}): start that version`
    return yield* new StoreError({ reason: "unreadable", path: place, message })
  })

const namesOf = (sql: SqlClient.SqlClient): Effect.Effect<readonly string[], SqlError> =>
  Effect.map(sql<{ name: string }>`SELECT name FROM ${sql(history_table)} ORDER BY migration_id`, (rows) =>
    rows.map(({ name }) => name),
  )
