/**
 * The files of a tenant that all processes of a cluster share, in the database: dead letters, the audit log, approvals, runs, the hosts of
 * the hour, app ids and known assets. Whoever reads and writes them does so through `FileSystem` and need not know where they lie. Every
 * other path is a file of this machine. What a unit's work writes is fenced by its epoch.
 */
import { ByteSize, Effect, FileSystem, Option, PlatformError } from "effect"
import type { StoreError } from "../errors.ts"
import { withLocks } from "../store/alone.ts"
import { Fenced } from "../store/fence.ts"
import { isSharedFolder, sharedNameIn } from "../store/shared-names.ts"
import { ask, type Database } from "./database.ts"
import { cluster_database as limits } from "./limits.ts"
import { storedLocks } from "./stored-locks.ts"
import { fenceLost, heldBy } from "./units.ts"

type Result<A> = Effect.Effect<A, PlatformError.PlatformError>

/** A file system whose shared names of this tenant lie in the database. */
export const sharedFiles = (
  database: Database,
  { id: tenant, data_dir }: { readonly id: string; readonly data_dir: string },
  disk: FileSystem.FileSystem,
): FileSystem.FileSystem => {
  const { sql } = database
  const nameOf = (path: string) => sharedNameIn(data_dir, path)
  const asked = <A>(method: string, path: string, effect: Effect.Effect<A, StoreError>): Result<A> =>
    Effect.mapError(effect, ({ message }) => problem(method, path, "Unknown", { code: message }))

  /** Writes as the unit of the fiber that asks, or as nobody's. `write` gives no row where the epoch is over. */
  const fenced = (
    method: string,
    path: string,
    write: (held: ReturnType<typeof heldBy>) => Parameters<typeof ask<readonly object[]>>[1],
  ): Result<void> =>
    Effect.gen(function* () {
      const fence = yield* Fenced
      const rows = yield* asked(method, path, ask(database, write(heldBy(sql, fence))))
      if (rows.length === 0 && fence !== undefined) return yield* asked(method, path, fenceLost(fence))
    })

  const find = (path: string, name: string) =>
    Effect.map(
      asked(
        "stat",
        path,
        ask(
          database,
          sql<Row>`SELECT id::text, size::text, (extract(epoch FROM changed_at) * 1000)::float8 AS changed_ms
            FROM akonis_files WHERE tenant = ${tenant} AND name = ${name}`,
        ),
      ),
      ([row]) => row,
    )
  const found = (method: string, path: string, name: string) =>
    Effect.flatMap(find(path, name), (row) =>
      row === undefined ? Effect.fail(problem(method, path, "NotFound", undefined)) : Effect.succeed(row),
    )
  const read = <A>(path: string, rows: Parameters<typeof ask<A>>[1]) => asked("read", path, ask(database, rows))
  const contentOf = (path: string, { id }: Row) =>
    Effect.map(
      read(
        path,
        sql<{ bytes: Uint8Array }>`SELECT bytes FROM akonis_file_parts WHERE file = ${id}::bigint ORDER BY seq`,
      ),
      (rows) => Buffer.concat(rows.map(({ bytes }) => bytes)),
    )
  const lastByteOf = (path: string, { id }: Row) =>
    Effect.map(
      read(
        path,
        sql<{ byte: Uint8Array }>`SELECT substring(bytes FROM octet_length(bytes) FOR 1) AS byte
          FROM akonis_file_parts WHERE file = ${id}::bigint AND octet_length(bytes) > 0 ORDER BY seq DESC LIMIT 1`,
      ),
      (rows) => Buffer.from(rows[0]?.byte ?? []),
    )

  const append = (path: string, name: string, bytes: Uint8Array, replaces: boolean) =>
    fenced("write", path, (held) => {
      const size = replaces ? sql`excluded.size` : sql`f.size + excluded.size`
      const gone = replaces ? sql`(SELECT id FROM f)` : sql`(SELECT id FROM f WHERE false)`
      return sql`
        WITH held AS (${held}),
        f AS (
          INSERT INTO akonis_files AS f (tenant, name, size)
          SELECT ${tenant}, ${name}, ${bytes.length}::bigint FROM held
          ON CONFLICT (tenant, name) DO UPDATE SET size = ${size}, changed_at = now()
          RETURNING id
        ),
        gone AS (DELETE FROM akonis_file_parts WHERE file IN ${gone})
        INSERT INTO akonis_file_parts (file, bytes) SELECT id, ${bytes} FROM f RETURNING file`
    })

  const openShared = Effect.fnUntraced(function* (
    path: string,
    name: string,
    flag: FileSystem.OpenFlag,
  ): Effect.fn.Return<FileSystem.File, PlatformError.PlatformError> {
    if (isSharedFolder(name)) return folderHandle()
    if (flag === "r") return readHandle(yield* found("open", path, name), (row) => contentOf(path, row))
    if (flag === "a+" || flag === "a") {
      const row = yield* find(path, name)
      const reading = readHandle(row ?? no_row, (at) => lastByteOf(path, at), 1)
      return { ...reading, ...writing(false, (bytes) => append(path, name, bytes, false)) }
    }
    let is_new = true
    const parts: Uint8Array[] = []
    const flush = Effect.suspend(() => {
      const bytes = Buffer.concat(parts)
      if (!is_new && bytes.length === 0) return Effect.void
      return Effect.tap(append(path, name, bytes, is_new), () => {
        is_new = false
        parts.length = 0
        return Effect.void
      })
    })
    const write = (bytes: Uint8Array) =>
      Effect.suspend(() => {
        parts.push(Uint8Array.from(bytes))
        const waiting = parts.reduce((sum, part) => sum + part.length, 0)
        return waiting >= limits.file_part_bytes ? flush : Effect.void
      })
    return { ...folderHandle(), ...writing(flush, write) }
  })

  /** In one statement: a connection that breaks in the middle of a transaction would leave the unit's row locked, and a defect. */
  const rename = (from: string, from_name: string, to: string, to_name: string): Result<void> =>
    Effect.gen(function* () {
      const fence = yield* Fenced
      const moved = yield* asked(
        "rename",
        to,
        ask(
          database,
          sql<{ is_held: boolean; is_there: boolean }>`
            WITH held AS (${heldBy(sql, fence)}),
            source AS (
              SELECT id FROM akonis_files WHERE tenant = ${tenant} AND name = ${from_name} AND EXISTS (SELECT FROM held) FOR UPDATE
            ),
            gone AS (
              DELETE FROM akonis_files WHERE tenant = ${tenant} AND name = ${to_name} AND EXISTS (SELECT FROM source) RETURNING id
            ),
            moved AS (
              UPDATE akonis_files SET name = ${to_name}, changed_at = now()
              WHERE id = (SELECT id FROM source) AND (SELECT count(*) FROM gone) >= 0 RETURNING id
            )
            SELECT EXISTS (SELECT FROM held) AS is_held, EXISTS (SELECT FROM moved) AS is_there`,
        ),
      )
      const { is_held, is_there } = moved[0]!
      if (!is_held && fence !== undefined) return yield* asked("rename", to, fenceLost(fence))
      if (!is_there) return yield* problem("rename", from, "NotFound", undefined)
    })

  const remove = (path: string, name: string): Result<void> =>
    Effect.gen(function* () {
      yield* found("remove", path, name)
      yield* fenced(
        "remove",
        path,
        (held) => sql`WITH held AS (${held})
          DELETE FROM akonis_files WHERE tenant = ${tenant} AND name = ${name} AND EXISTS (SELECT FROM held) RETURNING id`,
      )
    })

  const list = (path: string, folder: string) =>
    Effect.map(
      asked(
        "readDirectory",
        path,
        ask(
          database,
          sql<{
            name: string
          }>`SELECT name FROM akonis_files WHERE tenant = ${tenant} AND starts_with(name, ${`${folder}/`}) ORDER BY name`,
        ),
      ),
      (rows) => rows.map(({ name }) => name.slice(folder.length + 1)),
    )

  const either =
    <Rest extends readonly unknown[], A>(
      shared: (path: string, name: string, ...rest: Rest) => Result<A>,
      onDisk: (path: string, ...rest: Rest) => Result<A>,
    ) =>
    (path: string, ...rest: Rest): Result<A> => {
      const name = nameOf(path)
      return name === undefined ? onDisk(path, ...rest) : shared(path, name, ...rest)
    }

  const stat = (path: string, name: string): Result<FileSystem.File.Info> =>
    isSharedFolder(name) ? Effect.succeed(folder_info) : Effect.map(found("stat", path, name), infoOf)

  const files = FileSystem.FileSystem.of({
    ...disk,
    open: (path, options) => {
      const name = nameOf(path)
      if (name === undefined) return disk.open(path, options)
      return openShared(path, name, options?.flag ?? "r")
    },
    stat: either(stat, disk.stat),
    exists: either(
      (path, name) =>
        isSharedFolder(name) ? Effect.succeed(true) : Effect.map(find(path, name), (row) => row !== undefined),
      disk.exists,
    ),
    remove: either(remove, disk.remove),
    makeDirectory: either(() => Effect.void, disk.makeDirectory),
    readDirectory: either(list, disk.readDirectory) as FileSystem.FileSystem["readDirectory"],
    rename: (from, to) => {
      const [from_name, to_name] = [nameOf(from), nameOf(to)]
      if (from_name === undefined || to_name === undefined) return disk.rename(from, to)
      return rename(from, from_name, to, to_name)
    },
  })
  return withLocks(files, storedLocks(database, { id: tenant, data_dir }))
}

interface Row {
  readonly id: string
  readonly size: string
  readonly changed_ms: number
}

const no_row: Row = { id: "-1", size: "0", changed_ms: 0 }

const infoOf = ({ id, size, changed_ms }: Row) =>
  ({
    type: "File",
    size: ByteSize.bytes(Number(size)),
    mtime: Option.some(new Date(changed_ms)),
    ino: Option.some(BigInt(id)),
    mode: 0o600,
  }) as FileSystem.File.Info

const folder_info = { ...infoOf(no_row), type: "Directory" } as FileSystem.File.Info

/** What every handle has in common. A folder needs no syncing: what the database has answered is stored. */
const folderHandle = (): FileSystem.File => ({
  [FileSystem.FileTypeId]: FileSystem.FileTypeId,
  stat: Effect.succeed(folder_info),
  sync: Effect.void,
  seek: () => Effect.succeed(0n),
  read: () => Effect.succeed(0),
  readAlloc: () => Effect.succeed(Option.none()),
  truncate: () => Effect.fail(problem("truncate", "", "InvalidData", undefined)),
  write: () => Effect.fail(problem("write", "", "InvalidData", undefined)),
  writeAll: () => Effect.fail(problem("write", "", "InvalidData", undefined)),
})

/** Reads the content at the first read; with `tail_bytes` that is the end of the file only. */
const readHandle = (row: Row, content: (row: Row) => Result<Buffer>, tail_bytes?: number): FileSystem.File => {
  const size = Number(row.size)
  let position = 0
  let bytes: Buffer | undefined
  const read = (buffer: Uint8Array) =>
    Effect.gen(function* () {
      bytes ??= yield* content(row)
      const from = tail_bytes === undefined ? position : Math.max(0, position - (size - tail_bytes))
      const got = bytes.subarray(from, from + buffer.length)
      buffer.set(got)
      position += got.length
      return got.length
    })
  return {
    ...folderHandle(),
    stat: Effect.succeed(infoOf(row)),
    seek: (offset: number | bigint, from: "start" | "current") =>
      Effect.sync(() => {
        position = from === "start" ? Number(offset) : position + Number(offset)
        return BigInt(position)
      }),
    read,
  }
}

const writing = (flush: Result<void> | false, write: (bytes: Uint8Array) => Result<void>) => ({
  writeAll: write,
  write: (bytes: Uint8Array) => Effect.as(write(bytes), bytes.length),
  sync: flush === false ? Effect.void : flush,
})

const problem = (method: string, path: string, _tag: PlatformError.SystemErrorTag, cause: unknown) =>
  PlatformError.systemError({ _tag, module: "FileSystem", method, pathOrDescriptor: path, cause })
