/** Files, checkpoints and the journal over both of their stores, and what only those of a cluster promise. */
import { describe, expect, test } from "bun:test"
import { Cause, Context, Deferred, Effect, Exit, Fiber, FileSystem, Layer, type Scope } from "effect"
import { clusterDatabase } from "../../../test/support/cluster-database.ts"
import { onRealClock, temporaryFolder } from "../../../test/support/effect.ts"
import { modelDatabase } from "../../../test/support/model-database.ts"
import { has_postgres, no_postgres } from "../../../test/support/postgres.ts"
import { type AuditLine, makeAudit } from "../actions/audit.ts"
import { readAuditTail } from "../actions/audit-tail.ts"
import { type Journal, journalOf } from "../actions/idempotency.ts"
import { audit as limits } from "../actions/limits.ts"
import { readDeadLetters } from "../delivery/dead-letter-files.ts"
import { DeadLetters } from "../delivery/dead-letters.ts"
import { appendDurably, makeFolder, readIfPresent, writeAtomic } from "../store/atomic-file.ts"
import { Checkpoints } from "../store/checkpoints.ts"
import { type Fence, Fenced } from "../store/fence.ts"
import { Tenant } from "../tenant/identity.ts"
import type { Database } from "./database.ts"
import { beMember } from "./members.ts"
import { layerStoredCheckpoints } from "./stored-checkpoints.ts"
import { sharedFiles } from "./stored-files.ts"
import { storedJournal } from "./stored-journal.ts"
import { claimUnit } from "./units.ts"

/** What one process has of a tenant's memory. */
interface Memory {
  readonly folder: string
  readonly files: FileSystem.FileSystem
  readonly checkpoints: Checkpoints["Service"]
  readonly journal: Journal
  readonly fence: Fence | undefined
}

type Store = Effect.Effect<Effect.Effect<Memory, unknown, Scope.Scope>, unknown, FileSystem.FileSystem | Scope.Scope>

const files: Store = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const disk = yield* FileSystem.FileSystem
  const tenant = Layer.succeed(Tenant, { id: "acme", data_dir: folder })
  return Effect.gen(function* () {
    const services = yield* Layer.build(Checkpoints.layer.pipe(Layer.provide(tenant)))
    const audit = yield* makeAudit(folder, { owner: true })
    const journal = yield* journalOf(folder, audit, { owner: true })
    return { folder, files: disk, checkpoints: Context.get(services, Checkpoints), journal, fence: undefined }
  }).pipe(Effect.provideService(FileSystem.FileSystem, disk))
})

const startOn = (db: Database, folder: string) =>
  Effect.gen(function* () {
    const fence = yield* claimUnit(db, "acme/event-stream", "a")
    const tenant = { id: "acme", data_dir: folder }
    const shared = sharedFiles(db, tenant, yield* FileSystem.FileSystem)
    const services = yield* Layer.build(layerStoredCheckpoints(db).pipe(Layer.provide(Layer.succeed(Tenant, tenant))))
    const id = crypto.randomUUID()
    yield* beMember(db, "a", { id, version: "1", works: true })
    const audit = yield* Effect.provideService(makeAudit(folder, { owner: true }), FileSystem.FileSystem, shared)
    const journal = yield* storedJournal(db, "acme", id, audit)
    return { folder, files: shared, checkpoints: Context.get(services, Checkpoints), journal, audit, fence }
  })

const cluster: Store = Effect.gen(function* () {
  const db = yield* clusterDatabase
  const disk = yield* FileSystem.FileSystem
  // Each process has a folder of its own, with nothing in it.
  return Effect.flatMap(temporaryFolder, (folder) => startOn(db, folder)).pipe(
    Effect.provideService(FileSystem.FileSystem, disk),
  )
})

/** The simulation's model knows the shared files; it has to do with them what PostgreSQL does. */
const model: Store = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const disk = yield* FileSystem.FileSystem
  const db = modelDatabase()
  const tenant = { id: "acme", data_dir: folder }
  return Effect.gen(function* () {
    const fence = yield* claimUnit(db, "acme/event-stream", "a")
    const shared = sharedFiles(db, tenant, disk)
    const services = yield* Layer.build(Checkpoints.layer.pipe(Layer.provide(Layer.succeed(Tenant, tenant))))
    const audit = yield* Effect.provideService(makeAudit(folder, { owner: true }), FileSystem.FileSystem, shared)
    const journal = yield* journalOf(folder, audit, { owner: true })
    return { folder, files: shared, checkpoints: Context.get(services, Checkpoints), journal, audit, fence }
  }).pipe(Effect.provideService(FileSystem.FileSystem, disk))
})

/** As the unit that the process holds. */
const within = <A, E, R>({ files, fence }: Memory, effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.provideService(FileSystem.FileSystem, files), Effect.provideService(Fenced, fence))

const reject = { reason: "not_an_event", detail: "no JSON", offset: 5, raw: Buffer.from("x\n"), bytes: 2 } as const
const record = (memory: Memory) =>
  Effect.gen(function* () {
    const tenant = Layer.succeed(Tenant, { id: "acme", data_dir: memory.folder })
    const services = yield* Layer.build(DeadLetters.layer.pipe(Layer.provide(tenant)))
    yield* Context.get(services, DeadLetters).add("https://x/0", [reject])
  })

const line: AuditLine = {
  at: "2026-01-01T00:00:00.000Z",
  who: "soc",
  role: "responder",
  via: "http",
  tenant: "acme",
  action: "isolate",
  ids: ["a"],
  arguments: {},
  outcome: "success",
  trace_ids: [],
  request_id: "r",
}
const attempt = { key: "key-1", owner: "soc", hash: "h", audit: line }
const reply = { status: 200, body: { done: true } }

const stores = [
  { name: "files", is_here: true, make: files },
  { name: "the simulation's model", is_here: true, make: model },
  { name: "PostgreSQL", is_here: has_postgres, make: cluster },
]

describe.each(stores)("what a tenant remembers in $name", ({ is_here, make }) => {
  const memory = (
    sentence: string,
    body: (
      start: Effect.Effect<Memory, unknown, Scope.Scope>,
    ) => Effect.Effect<void, unknown, FileSystem.FileSystem | Scope.Scope>,
  ) =>
    test.skipIf(!is_here)(is_here ? sentence : `${sentence} ${no_postgres}`, () =>
      onRealClock(Effect.flatMap(make, body)),
    )

  memory("is there after a restart: dead letters, files, checkpoints, answers", (start) =>
    Effect.gen(function* () {
      const one = yield* start
      yield* within(one, record(one))
      yield* within(one, record(one))
      yield* within(one, writeAtomic(one.folder, "app-id", "a\nb\n"))
      yield* within(one, writeAtomic(one.folder, "app-id", "b\na\n"))
      yield* within(one, one.checkpoints.set({ most_recent_device_id: "d1", devices: { position: "p" } }))
      yield* within(one, one.checkpoints.set({ most_recent_user_id: "u1" }))
      const begun = yield* one.journal.begin(attempt)
      if ("end" in begun) yield* begun.end(reply, true)

      const other = yield* start
      const { letters, torn } = yield* within(other, readDeadLetters(other.folder))
      expect([letters.length, torn, letters[0]!.raw]).toEqual([2, 0, "x\n"])
      expect(yield* within(other, readIfPresent(`${other.folder}/app-id`))).toBe("b\na\n")
      expect(yield* within(other, readIfPresent(`${other.folder}/devices.known`))).toBeUndefined()
      expect(yield* other.checkpoints.all).toEqual({
        most_recent_device_id: "d1",
        devices: { position: "p" },
        most_recent_user_id: "u1",
      })
      expect(yield* other.journal.begin(attempt)).toEqual({ replay: reply })
      const conflict = yield* Effect.flip(other.journal.begin({ ...attempt, hash: "other" }))
      expect((conflict as { problem: { status: number } }).problem.status).toBe(409)
    }),
  )

  memory("grows line by line, is listed by folder, and is taken by one only", (start) =>
    Effect.gen(function* () {
      const one = yield* start
      const at = (name: string) => `${one.folder}/runs/${name}`
      yield* within(one, makeFolder(`${one.folder}/runs`))
      yield* within(one, writeAtomic(`${one.folder}/runs`, "a.json", "{}"))
      yield* within(one, appendDurably(one.folder, "audit.ndjson", `${JSON.stringify(line)}\n`))
      yield* within(one, appendDurably(one.folder, "audit.ndjson", `${JSON.stringify({ ...line, action: "lift" })}\n`))
      const actions = (yield* within(one, readAuditTail(one.folder))).map(({ action }) => action)
      expect(actions).toEqual(["lift", "isolate"])
      expect(yield* within(one, one.files.readDirectory(`${one.folder}/runs`))).toEqual(["a.json"])
      const taken = Effect.isSuccess(one.files.rename(at("a.json"), at("a.taken")))
      const won = yield* within(one, Effect.all([taken, taken, taken], { concurrency: 3 }))
      expect(won.filter(Boolean)).toHaveLength(1)
      yield* within(one, one.files.remove(at("a.taken")))
      expect(yield* within(one, one.files.exists(at("a.taken")))).toBe(false)
    }),
  )
})

describe.skipIf(!has_postgres)(
  has_postgres ? "what the processes of a cluster share" : `what the processes of a cluster share ${no_postgres}`,
  () => {
    const sharing = (
      sentence: string,
      body: (db: Database) => Effect.Effect<void, unknown, FileSystem.FileSystem | Scope.Scope>,
    ) => test(sentence, () => onRealClock(Effect.flatMap(clusterDatabase, body)))

    sharing("is not written by a process that lost its unit, which learns that from it", (db) =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const frozen = yield* startOn(db, folder)
        yield* within(frozen, frozen.checkpoints.set({ position: "p1" }))
        yield* within(frozen, writeAtomic(folder, "devices.known", "1\n"))
        const taker = yield* startOn(db, folder)
        const writes: readonly Effect.Effect<unknown, unknown, FileSystem.FileSystem | Scope.Scope>[] = [
          frozen.checkpoints.set({ position: "p9" }),
          writeAtomic(folder, "devices.known", "9\n"),
          appendDurably(folder, "devices.known", "9\n"),
          frozen.files.rename(`${folder}/devices.known`, `${folder}/users.known`),
          frozen.files.remove(`${folder}/devices.known`),
          record(frozen),
        ]
        const told = yield* Effect.flip(within(frozen, frozen.checkpoints.set({ position: "p9" })))
        expect(String(told)).toContain("another process has taken acme/event-stream over")
        for (const write of writes) {
          expect(yield* Effect.isSuccess(within(frozen, write))).toBe(false)
        }
        expect(yield* Deferred.isDone(frozen.fence.lost)).toBe(true)
        expect(yield* taker.checkpoints.all).toEqual({ position: "p1" })
        expect(yield* within(taker, readIfPresent(`${folder}/devices.known`))).toBe("1\n")
        expect((yield* within(taker, readDeadLetters(folder))).letters).toEqual([])
      }),
    )

    sharing("keeps every line of the audit log when two processes find it full at once", (db) =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const [one, slow] = [yield* startOn(db, folder), yield* startOn(db, folder)]
        const [is_about_to, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const slowly = {
          ...slow.files,
          rename: (from: string, to: string) =>
            Deferred.succeed(is_about_to, undefined).pipe(
              Effect.andThen(Deferred.await(go)),
              Effect.andThen(slow.files.rename(from, to)),
            ),
        }
        const other = yield* Effect.provideService(makeAudit(folder, { owner: true }), FileSystem.FileSystem, slowly)
        const say = (action: string) => ({ ...line, action })
        yield* one.audit.write(say("first"))
        yield* db.sql`UPDATE akonis_files SET size = ${limits.file_bytes_max} WHERE name = 'audit.ndjson'`
        const writing = yield* Effect.forkChild(other.write(say("second")))
        yield* Deferred.await(is_about_to)
        yield* one.audit.write(say("third"))
        yield* one.audit.write(say("fourth"))
        yield* Effect.andThen(Deferred.succeed(go, undefined), Fiber.await(writing))
        const parts = yield* db.sql<{ bytes: Uint8Array }>`SELECT bytes FROM akonis_file_parts ORDER BY seq`
        const lines = Buffer.concat(parts.map(({ bytes }) => bytes))
          .toString()
          .match(/(?<="action":")\w+/g)
        expect(lines).toEqual(["first", "second", "third", "fourth"])
        expect(yield* one.files.exists(`${folder}/audit.1.ndjson`)).toBe(true)
      }),
    )

    sharing("fails to be renamed, and can be used again, when the connection breaks meanwhile", (db) =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const one = yield* startOn(db, folder)
        yield* within(one, writeAtomic(folder, "app-id", "1\n"))
        const [from, to] = [`${folder}/app-id`, `${folder}/app-id.new`]
        const [is_held, done] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const holder = yield* db.sql`SELECT 1 FROM akonis_files FOR UPDATE`.pipe(
          Effect.andThen(Deferred.succeed(is_held, undefined)),
          Effect.andThen(Deferred.await(done)),
          db.sql.withTransaction,
          Effect.forkChild,
        )
        yield* Deferred.await(is_held)
        const renaming = yield* Effect.forkChild(within(one, one.files.rename(from, to)))
        const broken = db.sql`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
        while ((yield* broken).length === 0) yield* Effect.sleep(10)
        const exit = yield* Fiber.await(renaming)
        yield* Deferred.succeed(done, undefined)
        yield* Fiber.await(holder)
        expect([Exit.isFailure(exit), Exit.isFailure(exit) && Cause.hasDies(exit.cause)]).toEqual([true, false])
        yield* within(one, one.files.rename(from, to))
        expect(yield* within(one, readIfPresent(to))).toBe("1\n")
      }),
    )

    sharing("answers a repetition that comes to another process while the first is under way", (db) =>
      Effect.gen(function* () {
        const [one, other] = [yield* startOn(db, yield* temporaryFolder), yield* startOn(db, yield* temporaryFolder)]
        const begun = yield* one.journal.begin(attempt)
        const end = "end" in begun ? begun.end(reply, true) : Effect.void
        const [again] = yield* Effect.all([other.journal.begin(attempt), Effect.delay(end, 100)], { concurrency: 2 })
        expect(again).toEqual({ replay: reply })
      }),
    )

    sharing("tells that an action is in doubt once its process is gone, and audits it once", (db) =>
      Effect.gen(function* () {
        const gone = yield* storedJournal(db, "acme", crypto.randomUUID(), {
          ready: Effect.void,
          write: () => Effect.void,
          close: Effect.void,
        })
        expect("end" in (yield* gone.begin(attempt))).toBe(true)
        const folder = yield* temporaryFolder
        const other = yield* startOn(db, folder)
        const refusal = yield* Effect.flip(other.journal.begin(attempt))
        expect(refusal.problem.detail).toContain("nobody knows whether it happened")
        const lines = yield* within(other, readAuditTail(folder))
        expect(lines.map(({ outcome, action }) => [outcome, action])).toEqual([["unknown", "isolate"]])
      }),
    )
  },
)
