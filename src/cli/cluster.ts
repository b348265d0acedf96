/** `akonis cluster`: the database of a cluster. What needs a database is loaded only when one of these commands runs. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { uses } from "../core/config/plugins.ts"
import { ConfigError } from "../core/errors.ts"
import { complain, configFlag, configOf, endCommand, explain, jsonFlag, print } from "./common.ts"
import { table } from "./table.ts"

/** The database that the configuration names, open until the scope closes. */
const databaseOf = Effect.fnUntraced(function* (file: Parameters<typeof configOf>[0]) {
  const { cluster, source, tenants } = yield* configOf(file, uses.files)
  if (cluster === undefined) {
    const message = "is missing; there is no cluster without it"
    return yield* new ConfigError({ source, key: "cluster", message })
  }
  const room = yield* Effect.promise(() => import("../core/cluster/room.ts"))
  return { room, tenants, database: yield* room.openDatabase(cluster, source) }
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

const importFiles = Command.make("import", { config: configFlag }, ({ config }) =>
  explain(
    Effect.gen(function* () {
      const { room, tenants, database } = yield* databaseOf(config)
      yield* room.checkVersion(database)
      for (const { tenant, found, stored } of yield* room.importOffsets(database, tenants)) {
        const left = "left as it is: the database has offsets of it"
        const nothing = "has no cache.json with offsets here"
        const what =
          stored > 0
            ? `offsets taken over, of ${stored} ${stored === 1 ? "partition" : "partitions"}`
            : found > 0
              ? left
              : nothing
        yield* print(`${tenant}: ${what}`)
      }
      for (const { tenant, checkpoints, files, left } of yield* room.importFiles(database, tenants)) {
        const what = [
          ...(checkpoints > 0 ? [`${checkpoints} checkpoints taken over`] : []),
          ...(files.length > 0 ? [`files taken over: ${files.join(", ")}`] : []),
          ...(left.length > 0 ? [`left as the database has them: ${left.join(", ")}`] : []),
        ]
        for (const line of what) yield* print(`${tenant}: ${line}`)
      }
      for (const { tenant, stored, left, unread } of yield* room.importJournal(database, tenants)) {
        if (stored > 0) yield* print(`${tenant}: ${stored} idempotency keys taken over`)
        if (left > 0) yield* print(`${tenant}: ${left} idempotency keys left as the database has them`)
        if (unread > 0)
          yield* complain(
            `${tenant}: ${unread} lines of its idempotency keys cannot be read: a key that stands in them acts again`,
          )
      }
    }).pipe(Effect.scoped),
  ),
).pipe(
  Command.withDescription(
    "Take over what a single process remembers of its tenants; what the database has of it already is left as it is",
  ),
)

const status = Command.make("status", { config: configFlag, json: jsonFlag }, (flags) =>
  explain(
    Effect.gen(function* () {
      const { room, database } = yield* databaseOf(flags.config)
      yield* room.checkVersion(database)
      const found = yield* room.readMembers(database)
      if (flags.json) return yield* print(JSON.stringify({ database: database.place, ...found }, null, 2))
      const { processes, units } = room.lookAt(found)
      const runners = processes.filter(({ works }) => works)
      const rows = runners.map(({ process, version, seen_s }) => [
        process,
        version,
        String(units.filter((unit) => unit.process === process).length),
        `${seen_s.toFixed(0)} s ago`,
      ])
      yield* print(table([["PROCESS", "VERSION", "UNITS", "SEEN"], ...rows]))
      const placed = units.map(({ tenant, plugin, process, epoch, since, seen_s, events_per_s }) => [
        `${tenant}/${plugin}`,
        process,
        String(epoch),
        since,
        seen_s === null ? "gone" : `${seen_s.toFixed(0)} s ago`,
        events_per_s === null ? "-" : events_per_s.toFixed(1),
      ])
      const heads = ["UNIT", "PROCESS", "EPOCH", "SINCE", "SEEN", "EVENTS/S"]
      if (placed.length > 0) yield* print(`\n${table([heads, ...placed])}`)
      if (runners.length === 0) return yield* endCommand(1, "no process of the cluster is there")
    }).pipe(Effect.scoped),
  ),
).pipe(Command.withDescription("Which processes are there, and which of them runs what; 1 where there is none"))

export const cluster = Command.make("cluster").pipe(
  Command.withDescription("The database of a cluster"),
  Command.withSubcommands([migrate, importFiles, status]),
)
