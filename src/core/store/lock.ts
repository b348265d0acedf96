/**
 * One process per `data_dir`. The lock is a SQLite file held in an exclusive transaction: the kernel frees it when the
 * process ends, however it ends, so there is no stale lock to clear after `kill -9` and no process id to misread in a
 * container. Nothing is ever stored in the file.
 */
import { DatabaseSync } from "node:sqlite"
import { Effect, type Scope } from "effect"
import { StoreError } from "../errors.ts"

/** Held until the scope closes. Fails with `locked` when another process has it. */
export const lockFolder = (folder: string): Effect.Effect<void, StoreError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({ try: () => open(`${folder}/lock`), catch: (error) => refusal(folder, error) }),
    (database) => Effect.sync(() => database.close()),
  ).pipe(Effect.asVoid)

const open = (path: string): DatabaseSync => {
  const database = new DatabaseSync(path)
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
  return database
}

const refusal = (folder: string, error: unknown): StoreError => {
  const text = String(error)
  if (/locked|busy/i.test(text)) {
    const message = `another akonis process is using ${folder}; stop it, or give this one a data_dir of its own`
    return new StoreError({ reason: "locked", path: folder, message })
  }
  const message = `${folder} cannot be locked (${text}); it must be a folder that this user may write to`
  return new StoreError({ reason: "unwritable", path: folder, message })
}
