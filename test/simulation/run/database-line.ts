/** The line between a process and the modelled database: what is asked goes through it as through a socket, as well or badly as it is just then. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient } from "effect/sql"
import type { Connection } from "effect/sql/SqlConnection"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import type { Database } from "../../../src/core/cluster/database.ts"
import type { Row } from "../model/store.ts"

/** Sends one statement and waits for its rows. */
export type Ask = (text: string, params: readonly unknown[]) => Effect.Effect<readonly Row[], SqlError>

/** The database as the product takes it; each statement goes through `ask`. */
export const databaseOver = (ask: Ask): Database => {
  const unused = () => Effect.die(new Error("the model of the database knows rows only"))
  const connection: Connection = {
    execute: ask,
    executeUnprepared: ask,
    executeRaw: unused,
    executeValues: unused,
    executeValuesUnprepared: unused,
    executeStream: () => Stream.die(new Error("the model of the database knows no streams")),
  }
  const sql = SqlClient.make({
    acquirer: Effect.succeed(connection),
    compiler: PgClient.makeCompiler(),
    driver: "model",
    spanAttributes: [],
  }).pipe(Effect.provide(Reactivity.layer), Effect.runSync)
  return { sql, place: "the model" }
}

/** What the system says of a connection that is refused or breaks. */
export const connectionBroken = (why: string): SqlError =>
  new SqlError({ reason: new ConnectionError({ cause: new Error(why), message: why }) })
