/** The processes of a cluster as they tell of themselves in its database, and who of them runs what. */
import { Effect, type Scope } from "effect"
import type { StoreError } from "../errors.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { ask, type Database } from "./database.ts"
import { membership as limits } from "./limits.ts"

/** A process that tells that it lives. */
interface Member {
  readonly runner: string
  readonly version: string
  /** Whether it takes units. */
  readonly works: boolean
  /** How long ago it told so, by the database's clock. */
  readonly seen_s: number
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
      sql<Member>`
        SELECT runner, version, works, extract(epoch FROM now() - seen_at)::float8 AS seen_s FROM akonis_processes
        WHERE seen_at > now() - make_interval(secs => ${limits.silent_ms_max / 1_000}) ORDER BY runner`,
    )
    const units = yield* ask(
      database,
      sql<PlacedUnit>`
        SELECT unit, runner, epoch::float8 AS epoch, to_char(claimed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
        FROM akonis_units ORDER BY unit`,
    )
    return { members, units }
  })

export interface Membership {
  /** Shows in health where a unit runs. */
  readonly show: (unit: string, cell: HealthCell) => void
  /** How many processes were there when the database told last; commands that run count. */
  readonly count: () => number
}

/** Tells the others that this process lives, now and until the scope closes. */
export const beMember = Effect.fnUntraced(function* (
  database: Database,
  runner: string,
  process: { readonly id: string; readonly version: string; readonly works: boolean },
): Effect.fn.Return<Membership, StoreError, Scope.Scope> {
  const { sql } = database
  let seen: Members = { members: [], units: [] }
  let trouble = ""
  const tell = ask(
    database,
    sql`
      INSERT INTO akonis_processes (process, runner, version, works) VALUES (${process.id}::uuid, ${runner}, ${process.version}, ${process.works})
      ON CONFLICT (process) DO UPDATE SET seen_at = now()`,
  )
  const look = Effect.gen(function* () {
    yield* tell
    seen = yield* readMembers(database)
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
    show: (unit, cell) =>
      cell.describe(() => {
        const [status, detail] = describe(unit)
        return { status, detail }
      }),
    count: () => seen.members.length,
  }
})
