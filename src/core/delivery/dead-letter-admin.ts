/** Replaying and purging dead letters from inside the process that may be recording more of them; each leaves an audit line. */
import { Effect, Semaphore } from "effect"
import type { Audit, AuditLine } from "../actions/audit.ts"
import { isoNow } from "../actions/audit-line.ts"
import { type Refusal, refuse } from "../actions/problem.ts"
import { dead_letter_admin as limits } from "../limits/operator.ts"
import { type EnabledPlugin, enrichersOf, type PluginServices } from "../plugin.ts"
import { Board } from "../telemetry/board.ts"
import { Tenant } from "../tenant/identity.ts"
import { failWhenMany, oneAtATime, purge, readDeadLetters, replay } from "./dead-letter-files.ts"
import type { DeadLetter } from "./dead-letters.ts"

/** What the actions of a tenant and those of its dead letters have in common. */
export interface DeadLetterTenant {
  readonly id: string
  readonly plugins: readonly EnabledPlugin[]
  readonly audit: Audit
}

/** Who asks, for the audit line. */
export interface AskedBy {
  readonly caller: { readonly name: string; readonly role: string }
  readonly via: "http" | "shell"
  readonly request_id: string
}

export interface Replayed {
  readonly delivered: number
  readonly refused: number
  /** Letters that were asked for and are left for another call. */
  readonly left: number
  readonly errors: readonly { readonly id: string; readonly message: string }[]
}

/** One at a time, whatever the tenant: each may take long, and two of them would post the same letters twice. */
const one_at_a_time = Semaphore.makeUnsafe(1)

const notReady = ({ message }: { readonly message: string }) => refuse("not-ready", `nothing was done: ${message}`)

/** Neither while this process is at it, nor another one: a shell beside it, or one of the cluster. */
const alone = <A, R>(work: (data_dir: string) => Effect.Effect<A, Refusal, R>) =>
  Effect.gen(function* () {
    const { data_dir } = yield* Tenant
    const effect = Effect.catchTag(oneAtATime(data_dir, work(data_dir)), "StoreError", notReady)
    const done = yield* one_at_a_time.withPermitsIfAvailable(1)(effect)
    return done._tag === "Some" ? done.value : yield* refuse("not-ready", "another replay or purge is under way")
  })

/** Posts letters to the destination again: those of these ids, or all that were not replayed, the oldest first. */
export const replayLetters = (tenant: DeadLetterTenant, which: readonly string[] | "all", asked: AskedBy) =>
  alone(
    Effect.fnUntraced(function* (data_dir): Effect.fn.Return<Replayed, Refusal, PluginServices> {
      yield* Effect.mapError(Effect.andThen(tenant.audit.ready, failWhenMany(data_dir)), notReady)
      const { letters, replayed } = yield* Effect.mapError(readDeadLetters(data_dir), notReady)
      const wanted = letters.filter(({ id }) => !replayed.has(id) && (which === "all" || which.includes(id)))
      if (wanted.length === 0) return yield* refuse("not-found", "there is no such dead letter that was not replayed")
      const now = wanted.slice(0, limits.replayed_max)
      const errors: { id: string; message: string }[] = []
      const outcome = yield* replayTo(tenant, data_dir, now, (letter, error) =>
        Effect.sync(() => {
          if (error !== undefined && errors.length < limits.errors_max) errors.push({ id: letter.id, message: error })
        }),
      )
      yield* auditReplay(tenant, asked, now, outcome, errors[0]?.message)
      return { ...outcome, left: wanted.length - now.length, errors }
    }),
  )

const replayTo = Effect.fnUntraced(
  function* (
    { plugins }: DeadLetterTenant,
    data_dir: string,
    letters: readonly DeadLetter[],
    tell: (letter: DeadLetter, error: string | undefined) => Effect.Effect<void>,
  ) {
    // The one that is delivered to: two writers of one file would not know of each other.
    const destination = (yield* Board).destination() ?? (yield* destinationOf(plugins))
    const enrichers = letters.some(({ reason }) => reason === "not_enriched") ? yield* enrichersOf(plugins) : []
    return yield* replay(data_dir, letters, destination, enrichers, tell)
  },
  Effect.scoped,
  Effect.catchTag(["ConfigError", "StoreError"], (error) => Effect.fail(notReady(error))),
)

const destinationOf = (plugins: readonly EnabledPlugin[]) => {
  const delivering = plugins.find(({ plugin }) => plugin.destination !== undefined)
  return delivering === undefined
    ? refuse(
        "not-ready",
        "no plugin that delivers events works in this process; `akonis dead-letters replay` does it from the shell",
      )
    : delivering.plugin.destination!(delivering.config)
}

/**
 * Removes records: those that were replayed, or all. The file of the current day stays as it is while a worker may append to it;
 * `kept` counts what is left.
 */
export const purgeLetters = (tenant: DeadLetterTenant, which: "replayed" | "all", asked: AskedBy) =>
  alone(
    Effect.fnUntraced(function* (data_dir) {
      yield* Effect.mapError(Effect.andThen(tenant.audit.ready, failWhenMany(data_dir)), notReady)
      const outcome = yield* Effect.mapError(purge(data_dir, which, false), notReady)
      yield* auditPurge(tenant, asked, which, outcome)
      return outcome
    }),
  )

type Audited = Pick<DeadLetterTenant, "id" | "audit">

/** Writes the audit line of a replay: `error` is why the first of those was refused that were. */
export const auditReplay = (
  tenant: Audited,
  asked: AskedBy,
  letters: readonly DeadLetter[],
  { delivered, refused }: Pick<Replayed, "delivered" | "refused">,
  error: string | undefined,
) =>
  write(tenant, "dead-letters-replay", asked, {
    ids: letters.map(({ id }) => id),
    outcome: refused === 0 ? "success" : delivered === 0 ? "failed" : "partial",
    counts: { requested: letters.length, succeeded: delivered, failed: refused, unconfirmed: 0 },
    ...(error !== undefined && { detail: error }),
  })

/** Writes the audit line of a purge. */
export const auditPurge = (
  tenant: Audited,
  asked: AskedBy,
  which: "replayed" | "all",
  { removed, kept }: { readonly removed: number; readonly kept: number },
) =>
  write(tenant, "dead-letters-purge", asked, {
    ids: [],
    arguments: { which },
    outcome: "success",
    counts: { requested: removed, succeeded: removed, failed: 0, unconfirmed: 0 },
    detail: `${removed} removed, ${kept} kept`,
  })

/** Writes the audit line of somebody who lacks the role. */
export const auditLackingRole = (tenant: Audited, action: string, asked: AskedBy, detail: string) =>
  write(tenant, action, asked, { ids: [], outcome: "refused", detail })

const write = (
  { id, audit }: Audited,
  action: string,
  { caller, via, request_id }: AskedBy,
  line: Pick<AuditLine, "ids" | "outcome" | "counts" | "detail"> & Partial<Pick<AuditLine, "arguments">>,
) =>
  Effect.flatMap(isoNow, (at) =>
    audit.write({
      at,
      who: caller.name,
      role: caller.role,
      via,
      tenant: id,
      action,
      arguments: {},
      trace_ids: [],
      request_id,
      ...line,
    }),
  )
