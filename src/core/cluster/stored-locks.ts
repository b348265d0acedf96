/** Locks of a tenant that all processes of a cluster share: advisory ones of the database. */
import { Effect, PlatformError } from "effect"
import type { Locks } from "../store/alone.ts"
import { ask, type Database } from "./database.ts"

/** The locks of one tenant. `hold` takes a connection of the pool for as long as it holds. */
export const storedLocks = (
  database: Database,
  { id: tenant, data_dir }: { readonly id: string; readonly data_dir: string },
): Required<Locks> => {
  const { sql } = database

  /** Inside of a transaction, whose end gives the lock back, whatever becomes of this process. */
  const alone: Required<Locks>["alone"] = (name, work) =>
    sql
      .withTransaction(
        Effect.gen(function* () {
          const lock = sql<{ mine: boolean }>`
            SELECT pg_try_advisory_xact_lock(hashtextextended(${`${tenant}/${name}`}, 0)) AS mine`
          const [row] = yield* Effect.mapError(ask(database, lock), ({ message }) => problem(name, message))
          if (row?.mine === true) yield* work
        }),
      )
      .pipe(
        Effect.catchTag("SqlError", ({ message }) => Effect.fail(problem(name, message))),
        // What cannot be rolled back, since the connection broke, is a defect to the library.
        Effect.catchDefect((defect) => Effect.fail(problem(name, String(defect)))),
      )

  /** Of a session, which begins and ends with it. */
  const hold: Locks["hold"] = (path) =>
    Effect.gen(function* () {
      const connection = yield* sql.reserve
      const key = [`${tenant}${path.slice(data_dir.length)}`]
      const call = (lock: string) =>
        connection.execute(`SELECT ${lock}(hashtextextended($1, 0)) AS mine`, key, undefined)
      const [row] = yield* call("pg_try_advisory_lock")
      if (row?.mine !== true) return false
      yield* Effect.addFinalizer(() => Effect.ignore(call("pg_advisory_unlock")))
      return true
    }).pipe(Effect.mapError(({ message }) => problem(path, message)))

  return { alone, hold }
}

const problem = (path: string, code: string) =>
  PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method: "lock",
    pathOrDescriptor: path,
    cause: { code },
  })
