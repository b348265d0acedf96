/** Promises about a cluster, broken on purpose. */
import { breaks, type Mutant } from "./mutant.ts"

const page = "docs/cluster.md"
const fence = "So no offset moves by a process that has lost the unit, and an offset never moves back."
const noticed_by = "src/core/cluster/stored-offsets.test.ts"
const files = "src/core/cluster/stored-files.test.ts"
const rates = "src/core/cluster/leased-pace.test.ts"
const budget = "All processes together make at most 100 calls of Falcon's API a second for a tenant."
/** Whole processes over a model of the database that reads its statements. */
const worlds = "test/simulation/cluster.test.ts"
const stale = "AND epoch = $" + "{fence.epoch}::bigint FOR SHARE"

export const cluster: readonly Mutant[] = [
  ...breaks({ file: "src/core/cluster/units.ts", page, noticed_by }, [
    {
      name: "a stale epoch commits",
      promise: fence,
      find: stale,
      replace: "FOR SHARE",
    },
    {
      name: "a takeover keeps the epoch: two owners",
      promise: "Each time a process begins a unit, the unit gets a higher epoch in the database.",
      find: "SET epoch = u.epoch + 1,",
      replace: "SET epoch = u.epoch,",
    },
    {
      name: "who lost a unit is not told",
      promise: "Whatever it still does when it wakes stores nothing.",
      find: "Deferred.succeed(lost, undefined),",
      replace: "Deferred.isDone(lost),",
    },
  ]),
  ...breaks({ file: "src/core/cluster/placement.ts", page, noticed_by: "src/core/cluster/placement.test.ts" }, [
    {
      name: "a process that ends leaves while it still holds its places",
      promise: "SIGTERM: its units move at once",
      find: "Effect.ensuring(storage.releaseAll(address), leave(address))",
      replace: "Effect.andThen(leave(address), storage.releaseAll(address))",
    },
  ]),
  ...breaks({ file: "src/core/cluster/database.ts", page, noticed_by: "src/core/cluster/placement.test.ts" }, [
    {
      name: "a process that is frozen in a transaction keeps its unit",
      promise: "a process is frozen: after 6 s without a sign it loses its units",
      find: "idle_in_transaction_session_timeout: String(limits.transaction_silent_ms_max),",
      replace: "",
    },
  ]),
  ...breaks({ file: "src/plugins/event-stream/discovery.ts", page, noticed_by: "test/delivery/streams.test.ts" }, [
    {
      name: "a takeover waits for the app id of the process before",
      promise: "its units run elsewhere within 10 s",
      find: "empty = hurries ? 1 : 0",
      replace: "empty = 0",
    },
  ]),
  ...breaks({ file: "src/live.ts", page, noticed_by: "test/cluster/leave.test.ts" }, [
    {
      name: "a process that ends keeps its places until its last request is answered",
      promise: "its units move at once, before requests that are being answered end",
      find: "Effect.andThen(cluster?.placement.leave ?? Effect.void),",
      replace: "",
    },
  ]),
  ...breaks({ file: "src/worker.ts", page, noticed_by: "src/worker.test.ts" }, [
    {
      name: "a unit waits half a minute for a database that was away for a moment",
      promise: "when it is back all goes on by itself",
      find: "is_shared: fence !== undefined",
      replace: "is_shared: fence === undefined",
    },
  ]),
  ...breaks({ file: "src/core/actions/execute.ts", page, noticed_by: "test/actions/records-recover.test.ts" }, [
    {
      name: "actions wait half a minute for a database that was away for a moment",
      promise: "when it is back all goes on by itself",
      find: "is_shared: tenant.journal !== undefined",
      replace: "is_shared: tenant.journal === undefined",
    },
  ]),
  ...breaks({ file: "src/core/cluster/database.ts", page, noticed_by: "src/core/cluster/tls.test.ts" }, [
    {
      name: "a variable of the environment lets any server be the database",
      promise: "TLS is used and the server's certificate verified",
      find: "rejectUnauthorized: true, ",
      replace: "",
    },
    {
      name: "the database's own authority is not asked for",
      promise: "database_ca_file names an authority of your own",
      find: "...(ca !== undefined && { ca })",
      replace: "",
    },
  ]),
  ...breaks({ file: "src/core/cluster/import-files.ts", page, noticed_by }, [
    {
      name: "an import brings known assets of another connector",
      promise: "each checkpoint and each file that the database has is kept",
      find: "const is_there = others.includes(name) || ",
      replace: "const is_there = ",
    },
  ]),
  ...breaks({ file: "src/core/tenant/services.ts", page, noticed_by: "test/cluster/status.test.ts" }, [
    {
      name: "each process of a cluster has a budget of its own",
      promise: budget,
      find: "return shared?.paceOf === undefined",
      replace: "return shared?.paceOf !== null",
    },
  ]),
  ...breaks({ file: "src/core/cluster/leases.ts", page, noticed_by: rates }, [
    {
      name: "a lease is lent twice",
      promise: budget,
      find: "Math.min(wants, share, bounds.per_second_max - taken)",
      replace: "Math.min(wants, share)",
    },
    {
      name: "who comes first keeps the whole rate",
      promise: "Where all together want more, each gets an equal part",
      find: "Math.min(wants, share, bounds.per_second_max - taken)",
      replace: "Math.min(wants, bounds.per_second_max - taken)",
    },
  ]),
  ...breaks({ file: "src/core/cluster/leased-pace.ts", page, noticed_by: rates }, [
    {
      name: "a process uses its part of the rate before the leases of the others have ended",
      promise: "at most 4 s later, when no lease can run any more",
      find: "now_ms - away.since_ms >= lease_ms",
      replace: "now_ms - away.since_ms >= 0",
    },
    {
      name: "a database that is away stops calls",
      promise: "When the database does not answer, a process goes on with an equal part",
      find: "return is_alone ? ownPart() : 0",
      replace: "return 0",
    },
  ]),
  ...breaks({ file: "src/core/cluster/stored-leases.ts", page, noticed_by: rates }, [
    {
      name: "two processes lend the same part of the rate at once",
      promise: budget,
      find: "WHERE r.version = $" + "{version}::bigint RETURNING",
      replace: "RETURNING",
    },
  ]),
  ...breaks({ file: "src/api/status/shared-look.ts", page, noticed_by: "test/cluster/status.test.ts" }, [
    {
      name: "who runs what is told of tenants of others",
      promise: "for each plugin of the tenants that the caller may see, which process has it",
      find: "placed.units.filter(({ tenant }) => maySee(caller, tenant))",
      replace: "placed.units",
    },
  ]),
  ...breaks({ file: "src/core/falcon/rate-limit.ts", page, noticed_by: rates }, [
    {
      name: "a wait that Falcon asks for is kept from the other processes",
      promise:
        "When Falcon tells one process to wait (429), the others learn it with their next renewal and wait as long.",
      find: "    yield* pace.hold(wait_ms)\n",
      replace: "",
    },
  ]),
  ...breaks({ file: "src/core/cluster/stored-offsets.ts", page, noticed_by }, [
    {
      name: "an offset in the database moves back",
      promise: fence,
      find: "GREATEST(o.last_offset, excluded.last_offset)",
      replace: "excluded.last_offset",
    },
  ]),
  ...breaks({ file: "src/core/cluster/stored-files.ts", page, noticed_by: files }, [
    {
      name: "files of a lost unit are written, no fencing",
      promise: "Whatever the work stores is stored only while its epoch is the unit's.",
      find: "ask(database, write(heldBy(sql, fence)))",
      replace: "ask(database, write(heldBy(sql, undefined)))",
    },
  ]),
  ...breaks(
    { file: "src/core/cluster/import-journal.ts", page, noticed_by: "src/core/cluster/import-journal.test.ts" },
    [
      {
        name: "an action that was cut off before the move is forgotten",
        promise: "An action that was cut off is in doubt after an import, as after a restart.",
        find: 'key === undefined ? state === "running"',
        replace: 'state === "running" ? key === null',
      },
    ],
  ),
  ...breaks({ file: "src/core/cluster/import-offsets.ts", page, noticed_by }, [
    {
      name: "an import adds to what a cluster has committed",
      promise: "Tenants of which the database has offsets are left as they are.",
      find: "WHERE NOT EXISTS (SELECT FROM akonis_offsets WHERE tenant = $" + "{tenant})",
      replace: "",
    },
  ]),
  ...breaks(
    { file: "src/core/cluster/stored-locks.ts", page, noticed_by: "src/core/cluster/shared-rotation.test.ts" },
    [
      {
        name: "a rotation whose connection breaks is a defect",
        promise: "when it is back all goes on by itself",
        find: "        Effect.catchDefect((defect) => Effect.fail(problem(name, String(defect)))),\n",
        replace: "",
      },
    ],
  ),
  ...breaks({ file: "src/core/actions/audit.ts", page, noticed_by: files }, [
    {
      name: "two processes put the audit log aside at once",
      promise: "The HTTP API answers on every process alike: the audit log is that of all.",
      find: "alone(fs, file_name, putFullAside)",
      replace: "putFullAside",
    },
  ]),
  ...breaks({ file: "src/core/cluster/stored-journal.ts", page, noticed_by: files }, [
    {
      name: "an action of a process that is gone counts as under way",
      promise: "a key whose process was killed meanwhile answers 409, as in doubt",
      find: "AND state = 'running' AND NOT EXISTS (",
      replace: "AND state = 'running' AND EXISTS (",
    },
  ]),
  ...breaks({ file: "src/core/cluster/units.ts", page, noticed_by: worlds }, [
    {
      name: "a stale epoch commits, in the worlds of a cluster",
      promise: fence,
      find: stale,
      replace: "FOR SHARE",
    },
    {
      name: "no fencing, in the worlds of a cluster",
      promise: fence,
      find: "fence === undefined\n    ? sql`SELECT 1 AS held`",
      replace: "fence !== undefined\n    ? sql`SELECT 1 AS held`",
    },
    {
      name: "a takeover keeps the epoch: two owners, in the worlds of a cluster",
      promise: "Each time a process begins a unit, the unit gets a higher epoch in the database.",
      find: "SET epoch = u.epoch + 1,",
      replace: "SET epoch = u.epoch,",
    },
    {
      name: "who lost a unit goes on, in the worlds of a cluster",
      promise: "A process that has lost a unit ends that work as soon as the database tells it",
      find: "Deferred.succeed(lost, undefined),",
      replace: "Deferred.isDone(lost),",
    },
  ]),
  ...breaks({ file: "src/core/cluster/stored-offsets.ts", page, noticed_by: worlds }, [
    {
      name: "an offset moves back by a statement that arrives late",
      promise: fence,
      find: "GREATEST(o.last_offset, excluded.last_offset)",
      replace: "excluded.last_offset",
    },
    {
      name: "a unit that comes back goes on from where this process left it",
      promise: "its units run elsewhere, from what was committed",
      find: "Offsets.of({ open: openOf(database, id) })",
      replace: "Offsets.of({ open: Effect.runSync(Effect.cached(openOf(database, id))) })",
    },
  ]),
  ...breaks({ file: "src/core/cluster/placement.ts", page, noticed_by: worlds }, [
    {
      name: "the work of a lost unit is not ended",
      promise: "a post under an epoch of which the process has been told that it is over",
      find: "Effect.raceFirst(over)",
      replace: "Effect.raceFirst(Effect.never)",
    },
  ]),
  ...breaks({ file: "src/core/store/shared-names.ts", page, noticed_by: worlds }, [
    {
      name: "dead letters lie on the disk of whoever had the unit",
      promise: "approvals, runs and dead letters are those of all",
      find: '["dead-letters", ',
      replace: '["dead-letter", ',
    },
  ]),
  ...breaks({ file: "src/core/cluster/stored-files.ts", page, noticed_by: worlds }, [
    {
      name: "dead letters and app ids of a lost unit are written, in the worlds of a cluster",
      promise: "Whatever the work stores is stored only while its epoch is the unit's.",
      find: "ask(database, write(heldBy(sql, fence)))",
      replace: "ask(database, write(heldBy(sql, undefined)))",
    },
  ]),
  ...breaks({ file: "src/placed.ts", page, noticed_by: worlds }, [
    {
      name: "who lost a unit delivers what it has read",
      promise: "Who lost the unit delivers nothing more of what it has read",
      find: "DrainLimit, { over: Effect.raceFirst(drain.over, over) }",
      replace: "DrainLimit, { over: Effect.raceFirst(drain.over, Effect.never) }",
    },
  ]),
  ...breaks({ file: "src/plugins/event-stream/pipeline.ts", page, noticed_by: worlds }, [
    {
      name: "who lost a unit goes on to post vertices",
      promise: "a post under an epoch of which the process has been told that it is over",
      find: "fence === undefined ? Effect.never : Deferred.await(fence.lost)",
      replace: "fence === undefined ? Deferred.await(Deferred.makeUnsafe<void>()) : Effect.never",
    },
    {
      name: "an offset is stored before its events are delivered, in the worlds of a cluster",
      promise: "from what was committed",
      find: "    yield* deliverer.deliver(batch)\n    yield* enrichment.begin(batch.source_events, range)",
      replace:
        "    yield* commits.now(batch.last_offset)\n    yield* deliverer.deliver(batch)\n    yield* enrichment.begin(batch.source_events, range)",
    },
  ]),
]
