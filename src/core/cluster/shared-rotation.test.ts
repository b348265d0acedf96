/** Work on shared files that one process at a time does, when the database does not let it end. */
import { describe, expect, test } from "bun:test"
import { Cause, Deferred, Effect, Exit, Fiber, FileSystem } from "effect"
import { clusterDatabase } from "../../../test/support/cluster-database.ts"
import { onRealClock, temporaryFolder } from "../../../test/support/effect.ts"
import { has_postgres, no_postgres } from "../../../test/support/postgres.ts"
import { alone } from "../store/alone.ts"
import { sharedFiles } from "./stored-files.ts"

const sentence = "work on shared files that one process at a time does"

describe.skipIf(!has_postgres)(has_postgres ? sentence : `${sentence} ${no_postgres}`, () => {
  test("fails when its connection breaks, as other work on files does, and can be done again", () =>
    onRealClock(
      Effect.gen(function* () {
        const db = yield* clusterDatabase
        const tenant = { id: "acme", data_dir: yield* temporaryFolder }
        const files = sharedFiles(db, tenant, yield* FileSystem.FileSystem)
        const [begun, broken] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const looking = files.exists(`${tenant.data_dir}/audit.1.ndjson`)
        const breaking = yield* Deferred.succeed(begun, undefined).pipe(
          Effect.andThen(Deferred.await(broken)),
          Effect.andThen(looking),
          (work) => alone(files, "audit.ndjson", Effect.asVoid(work)),
          Effect.forkChild,
        )
        yield* Deferred.await(begun)
        yield* db.sql`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE state = 'idle in transaction' AND datname = current_database()`
        yield* Deferred.succeed(broken, undefined)
        const exit = yield* Fiber.await(breaking)
        expect([Exit.isFailure(exit), Exit.isFailure(exit) && Cause.hasDies(exit.cause)]).toEqual([true, false])
        let done = 0
        yield* alone(
          files,
          "audit.ndjson",
          Effect.sync(() => void done++),
        )
        expect(done).toBe(1)
      }),
    ))
})
