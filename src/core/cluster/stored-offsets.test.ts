/** Offsets over both of their stores, and what only that of a cluster promises. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { Context, Deferred, Effect, FileSystem, Layer, type Scope } from "effect"
import { clusterDatabase, emptyDatabase, openPool } from "../../../test/support/cluster-database.ts"
import { onRealClock, temporaryFolder } from "../../../test/support/effect.ts"
import { modelDatabase } from "../../../test/support/model-database.ts"
import { freePort, has_postgres, no_postgres, postgres } from "../../../test/support/postgres.ts"
import { secretText } from "../config/secret.ts"
import type { ConfigError, StoreError } from "../errors.ts"
import { makeFolder, readIfPresent, writeAtomic } from "../store/atomic-file.ts"
import { Checkpoints } from "../store/checkpoints.ts"
import { Fenced } from "../store/fence.ts"
import { Offsets, type OpenOffsets } from "../store/offsets.ts"
import { Tenant } from "../tenant/identity.ts"
import type { Database } from "./database.ts"
import { importFiles } from "./import-files.ts"
import { importOffsets } from "./import-offsets.ts"
import { beMember } from "./members.ts"
import { checkVersion, migrate } from "./migrations.ts"
import { joinCluster } from "./placement.ts"
import { layerStoredCheckpoints } from "./stored-checkpoints.ts"
import { sharedFiles } from "./stored-files.ts"
import { storedLeases } from "./stored-leases.ts"
import { layerStoredOffsets } from "./stored-offsets.ts"
import { claimUnit } from "./units.ts"

const url = "https://firehose.eu-1.crowdstrike.com/sensors/entities/datafeed/v1/0"

type Opened = Effect.Effect<OpenOffsets, StoreError | ConfigError, FileSystem.FileSystem | Scope.Scope>

interface Store {
  readonly name: string
  readonly is_here: boolean
  /** Makes a new store; what it gives opens the offsets of a tenant in it, as each start does. */
  readonly make: Effect.Effect<
    (tenant: string) => Opened,
    StoreError | ConfigError,
    FileSystem.FileSystem | Scope.Scope
  >
}

const offsetsOf = (layer: Layer.Layer<Offsets, never, Tenant | FileSystem.FileSystem>, tenant: string, data_dir = "") =>
  Effect.flatMap(
    Layer.build(Layer.provide(layer, Layer.succeed(Tenant, { id: tenant, data_dir }))),
    (services) => Context.get(services, Offsets).open,
  )

const unit = "acme/event-stream"

/** What a start on another process does: it claims the unit, and all that it does is fenced by that. */
const startOn = (db: Database, runner: string, tenant = "acme") =>
  Effect.gen(function* () {
    const fence = yield* claimUnit(db, unit, runner)
    const offsets = yield* offsetsOf(layerStoredOffsets(db), tenant)
    const commit = (partition: string, offset: number) =>
      Effect.provideService(offsets.commit(partition, offset), Fenced, fence)
    return { fence, offsets: { ...offsets, commit } satisfies OpenOffsets }
  })

const stores: readonly Store[] = [
  {
    name: "files",
    is_here: true,
    make: Effect.map(
      temporaryFolder,
      (folder) => (tenant: string) =>
        Effect.gen(function* () {
          const data_dir = `${folder}/${tenant}`
          yield* makeFolder(data_dir)
          return yield* offsetsOf(Offsets.layer, tenant, data_dir)
        }),
    ),
  },
  {
    name: "the simulation's model",
    is_here: true,
    make: Effect.sync(() => {
      const db = modelDatabase()
      return (tenant: string) => Effect.map(startOn(db, "a", tenant), ({ offsets }) => offsets)
    }),
  },
  {
    name: "PostgreSQL",
    is_here: has_postgres,
    make: Effect.map(
      clusterDatabase,
      (db) => (tenant: string) => Effect.map(startOn(db, "a", tenant), ({ offsets }) => offsets),
    ),
  },
]

describe.each(stores)("offsets in $name", ({ is_here, make }) => {
  const offsets = (
    sentence: string,
    body: (
      open: (tenant?: string) => Opened,
    ) => Effect.Effect<void, StoreError | ConfigError, FileSystem.FileSystem | Scope.Scope>,
  ) =>
    test.skipIf(!is_here)(is_here ? sentence : `${sentence} ${no_postgres}`, () =>
      onRealClock(Effect.flatMap(make, (open) => body((tenant = "acme") => open(tenant)))),
    )

  offsets("are what was committed last, after a restart", (open) =>
    Effect.gen(function* () {
      expect((yield* open()).get(url)).toBe(-1)
      yield* (yield* open()).commit(url, Number.MAX_SAFE_INTEGER)
      const again = yield* open()
      expect([again.get(url), again.roots()]).toEqual([Number.MAX_SAFE_INTEGER, [url]])
    }),
  )

  offsets("never move back, however commits overtake each other", (open) =>
    Effect.gen(function* () {
      const one = yield* open()
      yield* Effect.forEach([5, 9, 7, 8], (offset) => one.commit(url, offset), { concurrency: "unbounded" })
      expect((yield* open()).get(url)).toBe(9)
      yield* (yield* open()).commit(url, 3)
      expect((yield* open()).get(url)).toBe(9)
    }),
  )

  offsets("are each partition's and each tenant's own", (open) =>
    Effect.gen(function* () {
      yield* (yield* open()).commit(url, 1)
      yield* (yield* open()).commit(`${url}1`, 2)
      yield* (yield* open("other")).commit(url, 3)
      const acme = yield* open()
      expect([acme.get(url), acme.get(`${url}1`), (yield* open("other")).get(url)]).toEqual([1, 2, 3])
    }),
  )
})

/** The simulation's model of a database has to do what PostgreSQL does. */
const databases = [
  { name: "the simulation's model", is_here: true, open: Effect.sync(modelDatabase) },
  { name: "PostgreSQL", is_here: has_postgres, open: clusterDatabase },
]

describe.each(databases)("the fence in $name", ({ is_here, open }) => {
  const fence = (
    sentence: string,
    body: (db: Database) => Effect.Effect<void, unknown, FileSystem.FileSystem | Scope.Scope>,
  ) =>
    test.skipIf(!is_here)(is_here ? sentence : `${sentence} ${no_postgres}`, () =>
      onRealClock(Effect.flatMap(open, body)),
    )

  fence("stores nothing for a process that lost its unit, and tells it so", (db) =>
    Effect.gen(function* () {
      const frozen = yield* startOn(db, "a")
      yield* frozen.offsets.commit(url, 10)
      const taker = yield* startOn(db, "b")
      expect(taker.offsets.get(url)).toBe(10)
      const error = yield* Effect.flip(frozen.offsets.commit(url, 1_000))
      expect([error.reason, error.message]).toEqual([
        "fenced",
        `nothing was stored: another process has taken ${unit} over since epoch 1`,
      ])
      expect(yield* Deferred.isDone(frozen.fence.lost)).toBe(true)
      yield* taker.offsets.commit(url, 11)
      expect((yield* startOn(db, "c")).offsets.get(url)).toBe(11)
    }),
  )

  fence("stores nothing for whoever holds no unit", (db) =>
    Effect.gen(function* () {
      const offsets = yield* offsetsOf(layerStoredOffsets(db), "acme")
      expect((yield* Effect.flip(offsets.commit(url, 1))).reason).toBe("fenced")
    }),
  )
})

describe.skipIf(!has_postgres)(
  has_postgres ? "the database of a cluster" : `the database of a cluster ${no_postgres}`,
  () => {
    const withDatabase =
      (body: (db: Database) => Effect.Effect<void, unknown, FileSystem.FileSystem | Scope.Scope>) => () =>
        onRealClock(Effect.flatMap(clusterDatabase, body))

    test(
      "lets a takeover wait for a commit that has begun, and no commit pass it",
      withDatabase((db) =>
        Effect.gen(function* () {
          const holder = yield* startOn(db, "a")
          const commits = Effect.forEach(
            Array.from({ length: 50 }, (_, at) => at),
            (at) => Effect.result(holder.offsets.commit(url, at)),
          )
          const takeover = Effect.delay(startOn(db, "b"), 5)
          const [done, taker] = yield* Effect.all([commits, takeover], { concurrency: 2 })
          const stored = done.filter(({ _tag }) => _tag === "Success").length - 1
          // What the new holder read when it began is all that the old one ever stored.
          expect(taker.offsets.get(url)).toBe(stored)
          expect((yield* startOn(db, "c")).offsets.get(url)).toBe(stored)
        }),
      ),
    )

    test(
      "takes over the cache.json of a single process, once, and never over what a cluster has committed",
      withDatabase((db) =>
        Effect.gen(function* () {
          const folder = yield* temporaryFolder
          const tenants = ["acme", "other", "new"].map((id) => ({ id, data_dir: `${folder}/${id}` }))
          for (const { id, data_dir } of tenants.slice(0, 2)) {
            yield* makeFolder(data_dir)
            yield* (yield* offsetsOf(Offsets.layer, id, data_dir)).commit(url, 7)
          }
          yield* (yield* startOn(db, "a", "other")).offsets.commit(`${url}1`, 3)
          const told = (stored: readonly number[]) =>
            tenants.map(({ id }, at) => ({ tenant: id, found: at < 2 ? 1 : 0, stored: stored[at]! }))
          expect(yield* importOffsets(db, tenants)).toEqual(told([1, 0, 0]))
          expect(yield* importOffsets(db, tenants)).toEqual(told([0, 0, 0]))
          const other = (yield* startOn(db, "b", "other")).offsets
          expect([(yield* startOn(db, "b")).offsets.get(url), other.get(url), other.get(`${url}1`)]).toEqual([7, -1, 3])
          yield* writeAtomic(`${folder}/acme`, "cache.json", "{")
          expect((yield* Effect.flip(importOffsets(db, tenants))).message).toContain("acme/cache.json")
        }),
      ),
    )

    test(
      "takes over known assets with the position of their inventory, dead letters and all else that is shared, and nothing twice",
      withDatabase((db) =>
        Effect.gen(function* () {
          const folder = yield* temporaryFolder
          const disk = yield* FileSystem.FileSystem
          const tenants = [{ id: "acme", data_dir: `${folder}/acme` }]
          const { data_dir } = tenants[0]!
          yield* makeFolder(`${data_dir}/dead-letters`)
          const inventory = { connector_uuid: "c", revision: 1, position: "p" }
          yield* writeAtomic(
            data_dir,
            "context.json",
            JSON.stringify({ "device-assets": inventory, most_recent_user_id: "u" }),
          )
          const known = `${"0123456789abcdef"} host\n`.repeat(60_000)
          yield* writeAtomic(data_dir, "device-assets.known", known)
          yield* writeAtomic(`${data_dir}/dead-letters`, "2026-11.ndjson", "{}\n")
          yield* writeAtomic(data_dir, "api-token", "secret")
          yield* writeAtomic(data_dir, "audit.ndjson.new", "a draft")
          const names = ["dead-letters/2026-11.ndjson", "device-assets.known"]
          const [first] = yield* importFiles(db, tenants)
          expect({ ...first, files: first!.files.toSorted() }).toEqual({
            tenant: "acme",
            checkpoints: 2,
            files: names,
            left: [],
          })
          const shared = sharedFiles(db, tenants[0]!, disk)
          const read = (name: string) =>
            Effect.provideService(readIfPresent(`${data_dir}/${name}`), FileSystem.FileSystem, shared)
          expect((yield* read("device-assets.known")) === known).toBe(true)
          expect(yield* read("dead-letters/2026-11.ndjson")).toBe("{}\n")
          const stored = yield* Layer.build(
            layerStoredCheckpoints(db).pipe(Layer.provide(Layer.succeed(Tenant, tenants[0]!))),
          )
          expect(yield* Context.get(stored, Checkpoints).all).toEqual({
            "device-assets": inventory,
            most_recent_user_id: "u",
          })
          yield* writeAtomic(data_dir, "device-assets.known", "another")
          const [again] = yield* importFiles(db, tenants)
          expect({ ...again, left: again!.left.toSorted() }).toEqual({
            tenant: "acme",
            checkpoints: 0,
            files: [],
            left: names,
          })
          expect((yield* read("device-assets.known")) === known).toBe(true)
          // A cluster that has begun an inventory knows to which connector: assets of an earlier one are not its.
          yield* shared.remove(`${data_dir}/device-assets.known`)
          expect((yield* importFiles(db, tenants))[0]!.files).toEqual(["device-assets.known"])
          yield* shared.remove(`${data_dir}/device-assets.known`)
          yield* db.sql`UPDATE akonis_checkpoints SET value = '{"connector_uuid": "d"}' WHERE key = 'device-assets'`
          expect((yield* importFiles(db, tenants))[0]!.files).toEqual([])
        }),
      ),
    )

    test("needs no more rights than docs/cluster.md grants to commit, record, share a rate and be a member", () =>
      onRealClock(
        Effect.gen(function* () {
          const at = yield* emptyDatabase
          yield* migrate(yield* openPool(at))
          const [, grants] = /```sql\n([\s\S]*?)```/.exec(readFileSync("docs/cluster.md", "utf8"))!
          const server = yield* Effect.promise(postgres)
          server.run(at, grants!)
          const db = yield* openPool(at.replace("owner@", "akonis@"))
          yield* checkVersion(db)
          yield* beMember(db, "a", { id: crypto.randomUUID(), version: "1", works: true })
          yield* (yield* startOn(db, "a")).offsets.commit(url, 1)
          yield* storedLeases(db, "acme").hold(1)
          expect(yield* storedLeases(db, "acme").replace(1, {})).toBe(true)
          const config = { database_url: secretText(at), connections_max: 3, runner_host: "127.0.0.1" }
          yield* joinCluster(db, { ...config, runner_port: yield* Effect.promise(freePort) }, "test")
          expect(yield* Effect.isSuccess(db.sql`CREATE TABLE more ()`)).toBe(false)
        }),
      ))

    test("is migrated once, however many do it at once, and refused while it is not or by an older Akonis", () =>
      onRealClock(
        Effect.gen(function* () {
          const db = yield* Effect.flatMap(emptyDatabase, openPool)
          expect((yield* Effect.flip(checkVersion(db))).message).toContain("run akonis cluster migrate")
          const done = yield* Effect.all([migrate(db), migrate(db)].map(Effect.result), { concurrency: 2 })
          expect(done.flatMap((one) => (one._tag === "Success" ? one.success : []))).toEqual([
            "offsets",
            "files",
            "journal",
            "rates",
            "events",
          ])
          expect(yield* migrate(db)).toEqual([])
          yield* checkVersion(db)
          yield* Effect.orDie(db.sql`INSERT INTO akonis_migrations (migration_id, name) VALUES (9999, 'tomorrow')`)
          expect((yield* Effect.flip(checkVersion(db))).message).toContain("by a newer Akonis (tomorrow)")
        }),
      ))
  },
)
