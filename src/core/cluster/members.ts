/** The processes of a cluster as they tell of themselves in its database, and who of them runs what. */
import { Clock, Effect, type Scope } from "effect"
import type { StoreError } from "../errors.ts"
import { monotonicMs } from "../monotonic.ts"
import type { ClusterLook, Placement } from "./cluster.ts"
import { ask, type Database } from "./database.ts"
import { membership as limits } from "./limits.ts"

/** The name of a command: it ends soon. */
export const shell_runner = "shell"

/** A process that tells that it lives. */
interface Member {
  readonly runner: string
  readonly version: string
  /** Whether it takes units. */
  readonly works: boolean
  /** How long ago it told so, by the database's clock. */
  readonly seen_s: number
  /** What it delivered of each unit then, over ten seconds; units without events are left out. */
  readonly events_per_s: Readonly<Record<string, number>>
}

/** A unit, and who claimed it last. */
interface PlacedUnit {
  readonly unit: string
  readonly runner: string
  readonly epoch: number
  readonly since: string
}

/** Who is there, and who has what. */
export interface Members {
  readonly members: readonly Member[]
  readonly units: readonly PlacedUnit[]
}

/** Reads who is there now: those that told so lately. */
export const readMembers = (database: Database): Effect.Effect<Members, StoreError> =>
  Effect.gen(function* () {
    const { sql } = database
    const members = yield* ask(
      database,
      sql<Omit<Member, "events_per_s"> & { readonly events: string }>`
        SELECT runner, version, works, GREATEST(extract(epoch FROM now() - seen_at)::float8, 0) AS seen_s, events_per_s::text AS events
        FROM akonis_processes WHERE seen_at > now() - make_interval(secs => ${limits.silent_ms_max / 1_000}) ORDER BY runner`,
    )
    const units = yield* ask(
      database,
      sql<PlacedUnit>`
        SELECT unit, runner, epoch::float8 AS epoch, to_char(claimed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
        FROM akonis_units ORDER BY unit`,
    )
    return {
      members: members.map(({ events, ...member }) => ({
        ...member,
        events_per_s: JSON.parse(events) as Member["events_per_s"],
      })),
      units,
    }
  })

/** What is shown of members: processes that stay, and for each unit whether the one that has it gives signs of life. */
export const lookAt = ({ members, units }: Members, since_read_s = 0): Pick<ClusterLook, "processes" | "units"> => {
  const last_first = members.toSorted((one, other) => one.seen_s - other.seen_s)
  const at = (runner: string) => last_first.find((member) => member.works && member.runner === runner)
  return {
    processes: members
      .filter(({ runner }) => runner !== shell_runner)
      .map(({ runner, version, works, seen_s }) => ({
        process: runner,
        version,
        works,
        seen_s: seen_s + since_read_s,
      })),
    units: units.map(({ unit, runner, epoch, since }) => {
      const member = at(runner)
      const slash = unit.lastIndexOf("/")
      return {
        tenant: unit.slice(0, slash),
        plugin: unit.slice(slash + 1),
        process: runner,
        since,
        epoch,
        seen_s: member === undefined ? null : member.seen_s + since_read_s,
        events_per_s: member === undefined ? null : (member.events_per_s[unit] ?? 0),
      }
    }),
  }
}

export interface Membership extends Pick<Placement, "show"> {
  /** How many processes were there when the database told last; commands that run count. */
  readonly count: () => number
  readonly look: () => ClusterLook
}

/** Tells the others that this process lives, now and until the scope closes. */
export const beMember = Effect.fnUntraced(function* (
  database: Database,
  runner: string,
  process: { readonly id: string; readonly version: string; readonly works: boolean },
): Effect.fn.Return<Membership, StoreError, Scope.Scope> {
  const { sql } = database
  const clock = yield* Clock.Clock
  let seen: Members = { members: [], units: [] }
  let seen_ms = 0
  let trouble = ""
  const rates = new Map<string, () => number>()
  const tell = Effect.suspend(() => {
    const tenths = [...rates].map(([unit, perSecond]) => [unit, Math.round(perSecond() * 10) / 10] as const)
    const events = JSON.stringify(Object.fromEntries(tenths.filter(([, per_second]) => per_second > 0)))
    return ask(
      database,
      sql`
        INSERT INTO akonis_processes (process, runner, version, works, events_per_s)
        VALUES (${process.id}::uuid, ${runner}, ${process.version}, ${process.works}, ${events}::text::jsonb)
        ON CONFLICT (process) DO UPDATE SET seen_at = now(), events_per_s = excluded.events_per_s`,
    )
  })
  const look = Effect.gen(function* () {
    yield* tell
    seen = yield* readMembers(database)
    seen_ms = monotonicMs(clock)
  })
  yield* look
  yield* Effect.addFinalizer(() =>
    Effect.ignore(ask(database, sql`DELETE FROM akonis_processes WHERE process = ${process.id}::uuid`)),
  )
  yield* Effect.gen(function* () {
    for (;;) {
      yield* Effect.sleep(limits.tell_ms)
      const looked = yield* Effect.result(look)
      const now = looked._tag === "Failure" ? looked.failure.message : ""
      if (now !== "" && trouble === "") yield* Effect.logError(`${now}; nothing is read and delivered until it can be`)
      if (now === "" && trouble !== "") yield* Effect.logInfo(`the database ${database.place} can be used again`)
      trouble = now
    }
  }).pipe(Effect.forkScoped)
  yield* Effect.ignore(
    ask(
      database,
      sql`DELETE FROM akonis_processes WHERE seen_at < now() - make_interval(secs => ${limits.forgotten_ms / 1_000})`,
    ),
  )

  const describe = (unit: string): readonly ["ok" | "degraded" | "failed", string] => {
    if (trouble !== "") return ["failed", `${trouble}; nothing is read and delivered until it can be`]
    const placed = seen.units.find((one) => one.unit === unit)
    const is_there = seen.members.some((member) => member.works && member.runner === placed?.runner)
    if (placed === undefined || !is_there) return ["degraded", "no process of the cluster has it yet"]
    return ["ok", placed.runner === runner ? `runs here (${runner})` : `runs on ${placed.runner}`]
  }
  return {
    show: (unit, cell, perSecond) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          rates.set(unit, perSecond)
          cell.describe(() => {
            const [status, detail] = describe(unit)
            return { status, detail }
          })
        }),
        () => Effect.sync(() => rates.delete(unit)),
      ),
    count: () => seen.members.length,
    look: () => ({ process: runner, trouble, ...lookAt(seen, (monotonicMs(clock) - seen_ms) / 1_000) }),
  }
})
