/**
 * Takes over what else a single process remembers of its tenants: checkpoints of inventories, known assets, dead letters, the audit log,
 * approvals, runs, counted hosts and app ids. What the database has of it already is left as it is.
 */
import { Effect, FileSystem, Layer, type PlatformError } from "effect"
import { StoreError } from "../errors.ts"
import { fieldsOf } from "../json-object.ts"
import { Checkpoints } from "../store/checkpoints.ts"
import { systemWords } from "../store/regular-file.ts"
import { isSharedFolder, sharedNameIn } from "../store/shared-names.ts"
import { Tenant } from "../tenant/identity.ts"
import { ask, type Database } from "./database.ts"
import { cluster_database as limits } from "./limits.ts"
import { sharedFiles } from "./stored-files.ts"

interface Owner {
  readonly id: string
  readonly data_dir: string
}

interface Imported {
  readonly tenant: string
  /** Inventories whose position is in the database now because of it. */
  readonly checkpoints: number
  /** Files that are in the database now because of it. */
  readonly files: readonly string[]
  /** Files of which the database had one of that name. */
  readonly left: readonly string[]
}

/** One tenant after the other; a file is there as a whole or not at all, so that it can be called again after a failure. */
export const importFiles = (
  database: Database,
  tenants: readonly Owner[],
): Effect.Effect<readonly Imported[], StoreError, FileSystem.FileSystem> =>
  Effect.forEach(tenants, (tenant) =>
    Effect.gen(function* () {
      const disk = yield* FileSystem.FileSystem
      // Before the known assets: they are those of the connector that the checkpoint names.
      const { checkpoints, others } = yield* importCheckpoints(database, tenant)
      const shared = sharedFiles(database, tenant, disk)
      const files: string[] = []
      const left: string[] = []
      for (const name of yield* sharedNames(disk, tenant)) {
        const path = `${tenant.data_dir}/${name}`
        const is_there = others.includes(name) || (yield* readable(path, shared.exists(path)))
        if (!is_there) yield* readable(path, copy(disk, shared, path))
        ;(is_there ? left : files).push(name)
      }
      return { tenant: tenant.id, checkpoints, files, left }
    }),
  )

/** Gives how many there are now because of it, and the files of known assets that the connector of the database's checkpoint never got. */
const importCheckpoints = (database: Database, { id, data_dir }: Owner) =>
  Effect.gen(function* () {
    const { sql } = database
    const values = yield* Effect.flatMap(Checkpoints, ({ all }) => all)
    const stored = yield* ask(
      database,
      sql`
        INSERT INTO akonis_checkpoints (tenant, key, value)
        SELECT ${id}, entry.key, entry.value FROM jsonb_each(${JSON.stringify(values)}::text::jsonb) AS entry
        ON CONFLICT DO NOTHING RETURNING key`,
    )
    const rows = yield* ask(
      database,
      sql<{ key: string; connector: string | null }>`
        SELECT key, value->>'connector_uuid' AS connector FROM akonis_checkpoints WHERE tenant = ${id}`,
    )
    const others = rows.filter(({ key, connector }) => connector !== (fieldsOf(values[key]).connector_uuid ?? null))
    return { checkpoints: stored.length, others: others.map(({ key }) => `${key}.known`) }
  }).pipe(Effect.provide(Layer.provide(Checkpoints.layer, Layer.succeed(Tenant, { id, data_dir }))))

/** The files of the folder whose names all processes share; drafts of an atomic write are none. */
const sharedNames = Effect.fnUntraced(function* (disk: FileSystem.FileSystem, { data_dir }: Owner) {
  const list = (folder: string) =>
    readable(
      folder,
      Effect.flatMap(disk.exists(folder), (is_there) =>
        is_there ? disk.readDirectory(folder) : Effect.succeed<string[]>([]),
      ),
    )
  const names: string[] = []
  for (const name of yield* list(data_dir)) {
    const inner = isSharedFolder(name) ? yield* list(`${data_dir}/${name}`) : undefined
    names.push(...(inner === undefined ? [name] : inner.map((one) => `${name}/${one}`)))
  }
  return names.filter((name) => sharedNameIn(data_dir, `${data_dir}/${name}`) !== undefined && !name.endsWith(".new"))
})

const copy = (disk: FileSystem.FileSystem, shared: FileSystem.FileSystem, path: string) =>
  Effect.gen(function* () {
    const from = yield* disk.open(path, { flag: "r" })
    const to = yield* shared.open(`${path}.new`, { flag: "w" })
    const buffer = new Uint8Array(limits.file_part_bytes)
    for (;;) {
      const bytes = Number(yield* from.read(buffer))
      if (bytes === 0) break
      yield* to.writeAll(buffer.subarray(0, bytes))
    }
    yield* to.sync
    yield* shared.rename(`${path}.new`, path)
  }).pipe(Effect.scoped)

const readable = <A, R>(path: string, effect: Effect.Effect<A, PlatformError.PlatformError, R>) =>
  Effect.mapError(
    effect,
    (error) =>
      new StoreError({
        reason: "unreadable",
        path,
        message: `${path} cannot be taken over: ${systemWords(error)}. What was taken over before it is stored; call it again`,
      }),
  )
