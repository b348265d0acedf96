/** How soon another process may have a unit. */
import { describe, expect, test } from "bun:test"
import { Deferred, Effect, type FileSystem, type Scope } from "effect"
import { clusterDatabase } from "../../../test/support/cluster-database.ts"
import { onRealClock } from "../../../test/support/effect.ts"
import { freePort, has_postgres, no_postgres } from "../../../test/support/postgres.ts"
import { secretText } from "../config/secret.ts"
import type { Database } from "./database.ts"
import { joinCluster } from "./placement.ts"
import { claimUnit, heldBy } from "./units.ts"

const sentence = "a process of a cluster"

describe.skipIf(!has_postgres)(has_postgres ? sentence : `${sentence} ${no_postgres}`, () => {
  const withDatabase =
    (body: (db: Database) => Effect.Effect<void, unknown, FileSystem.FileSystem | Scope.Scope>) => () =>
      onRealClock(Effect.flatMap(clusterDatabase, body))

  test(
    "gives all its places back before it leaves, so that the others find them free at their first look",
    withDatabase((db) =>
      Effect.gen(function* () {
        const { sql } = db
        yield* sql`CREATE TABLE held_at_the_end (places int)`
        yield* sql`
          CREATE FUNCTION count_places() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO held_at_the_end SELECT count(*) FROM pg_locks
            WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
            RETURN NULL;
          END $$`
        yield* sql`CREATE TRIGGER leaving AFTER DELETE ON akonis_runners FOR EACH ROW EXECUTE FUNCTION count_places()`
        const port = yield* Effect.promise(freePort)
        const config = { database_url: secretText("postgres://a/b"), connections_max: 3, runner_host: "127.0.0.1" }
        const { run, leave } = yield* joinCluster(db, { ...config, runner_port: port }, "test")
        const began = yield* Deferred.make<void>()
        const stopped = yield* Deferred.make<void>()
        const work = Effect.andThen(Deferred.succeed(began, undefined), Effect.never)
        yield* Effect.forkScoped(
          run("acme/event-stream", () => Effect.ensuring(work, Deferred.succeed(stopped, undefined))),
        )
        yield* Deferred.await(began)
        yield* leave
        expect(yield* Deferred.isDone(stopped)).toBe(true)
        expect(yield* sql`SELECT places FROM held_at_the_end`).toEqual([{ places: 0 }])
      }),
    ),
  )

  test(
    "that was frozen in a transaction does not keep the others from its unit",
    withDatabase((db) =>
      Effect.gen(function* () {
        const unit = "acme/event-stream"
        const fence = yield* claimUnit(db, unit, "a")
        const begun = yield* Deferred.make<void>()
        const frozen = db.sql.withTransaction(
          heldBy(db.sql, fence).pipe(Effect.andThen(Deferred.succeed(begun, undefined)), Effect.andThen(Effect.never)),
        )
        yield* Effect.forkScoped(Effect.ignore(frozen))
        yield* Deferred.await(begun)
        expect((yield* claimUnit(db, unit, "b")).epoch).toBe(2)
      }),
    ),
  )
})
