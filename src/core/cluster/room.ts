/** All of the cluster that others use. It is imported when a configuration has a `cluster` block, and only then: without one no database module is loaded. */
import { Effect, type FileSystem, Layer, type Scope } from "effect"
import type { ClusterConfig } from "../config/cluster.ts"
import type { ConfigError, StoreError } from "../errors.ts"
import type { Cluster, TenantStores } from "./cluster.ts"
import { type Database, openDatabase } from "./database.ts"
import { leasedPace } from "./leased-pace.ts"
import { engine } from "./limits.ts"
import { beMember, shell_runner } from "./members.ts"
import { checkVersion } from "./migrations.ts"
import { joinCluster, runnerName, type Seat } from "./placement.ts"
import { layerStoredCheckpoints } from "./stored-checkpoints.ts"
import { sharedFiles } from "./stored-files.ts"
import { storedJournal } from "./stored-journal.ts"
import { storedLeases } from "./stored-leases.ts"
import { layerStoredOffsets } from "./stored-offsets.ts"

export { openDatabase } from "./database.ts"
export { importFiles } from "./import-files.ts"
export { importJournal } from "./import-journal.ts"
export { importOffsets } from "./import-offsets.ts"
export { lookAt, readMembers } from "./members.ts"
export { checkVersion, migrate } from "./migrations.ts"

export const storesOf = (database: Database, process: string): TenantStores => ({
  layer: Layer.mergeAll(layerStoredOffsets(database), layerStoredCheckpoints(database)),
  files: (tenant, disk) => sharedFiles(database, tenant, disk),
  journal: (tenant, audit) => storedJournal(database, tenant, process, audit),
})

const paceOf =
  (database: Database, process: string, count: () => number): NonNullable<TenantStores["paceOf"]> =>
  (tenant) =>
  (rate) =>
    leasedPace(storedLeases(database, tenant), process, rate, count)

/** Of a process that takes no units. */
const spectator: Seat = { run: () => Effect.never, leave: Effect.void }

/** Opens what the tenants remember, for a command: a process of the cluster that does none of its work. Fails where the database is not of this version. */
export const openStores = Effect.fnUntraced(function* (
  config: ClusterConfig,
  { source, version }: { readonly source: string; readonly version: string },
): Effect.fn.Return<TenantStores, ConfigError | StoreError, FileSystem.FileSystem | Scope.Scope> {
  const database = yield* openDatabase(config, source)
  yield* checkVersion(database)
  const id = crypto.randomUUID()
  const { count } = yield* beMember(database, shell_runner, { id, version, works: false })
  return { ...storesOf(database, id), paceOf: paceOf(database, id, count) }
})

/** Joins the cluster until the scope closes. `works`: whether units may be placed here. */
export const openCluster = Effect.fnUntraced(function* (
  config: ClusterConfig,
  { source, version, works }: { readonly source: string; readonly version: string; readonly works: boolean },
): Effect.fn.Return<Cluster, ConfigError | StoreError, FileSystem.FileSystem | Scope.Scope> {
  const database = yield* openDatabase(config, source)
  yield* checkVersion(database)
  const id = crypto.randomUUID()
  const { show, count, look } = yield* beMember(database, runnerName(config), { id, version, works })
  const seat = works ? yield* joinCluster(database, config, source) : spectator
  const stores = { ...storesOf(database, id), paceOf: paceOf(database, id, count) }
  return { look, stores, placement: { ...seat, show, drain_ms_max: engine.hand_over_ms_max } }
})
