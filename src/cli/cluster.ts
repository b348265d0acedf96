/** `akonis cluster`: the database of a cluster. What needs a database is loaded only when one of these commands runs. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { uses } from "../core/config/plugins.ts"
import { ConfigError } from "../core/errors.ts"
import { configFlag, configOf, explain, print } from "./common.ts"

/** The database that the configuration names, open until the scope closes. */
const databaseOf = Effect.fnUntraced(function* (file: Parameters<typeof configOf>[0]) {
  const { cluster, source } = yield* configOf(file, uses.files)
  if (cluster === undefined) {
    const message = "is missing; there is no cluster without it"
    return yield* new ConfigError({ source, key: "cluster", message })
  }
  const room = yield* Effect.promise(() => import("../core/cluster/room.ts"))
  return { room, database: yield* room.openDatabase(cluster, source) }
})

const migrate = Command.make("migrate", { config: configFlag }, ({ config }) =>
  explain(
    Effect.gen(function* () {
      const { room, database } = yield* databaseOf(config)
      const done = yield* room.migrate(database)
      const what = done.length === 0 ? "nothing to do" : `carried out: ${done.join(", ")}`
      yield* print(`${database.place}: ${what}`)
    }).pipe(Effect.scoped),
  ),
).pipe(
  Command.withDescription("Bring the database to this version of Akonis; the role needs the right to create tables"),
)

export const cluster = Command.make("cluster").pipe(
  Command.withDescription("The database of a cluster"),
  Command.withSubcommands([migrate]),
)
