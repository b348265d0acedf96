/** One look at everything that runs: the same for whoever asks, so that it is made once and shared. */
import { Clock, Context, Effect, type FileSystem } from "effect"
import type { AuditLine } from "../../core/actions/audit.ts"
import { readAuditTail } from "../../core/actions/audit-tail.ts"
import type { ActionTenant } from "../../core/actions/execute.ts"
import { type DeadLetterSummary, makeDeadLetterSummary } from "../../core/delivery/dead-letter-summary.ts"
import type { DeadLetter } from "../../core/delivery/dead-letters.ts"
import { status as limits } from "../../core/limits/operator.ts"
import { Board } from "../../core/telemetry/board.ts"
import { Health, type PartReport, type Report, type Status, worst } from "../../core/telemetry/health.ts"
import type { RunningTenant } from "../../core/tenant/boot.ts"
import { Tenant } from "../../core/tenant/identity.ts"
import { cleanText } from "../../core/text.ts"
import { assetsOf, budgetOf, countersOf, type Measured } from "./counted.ts"
import { partitionStatus } from "./partitions.ts"
import type { AuditShown, ShownLetter, TenantStatus } from "./schema.ts"

interface PluginGauge {
  readonly id: string
  readonly status: Status
}

/** What metrics tell beside what is counted as it happens: of each tenant, and of what belongs to none. */
export interface Gauges {
  readonly tenants: readonly TenantGauges[]
  readonly shared: readonly PluginGauge[]
}

interface TenantGauges {
  readonly id: string
  readonly plugins: readonly PluginGauge[]
  /** Dead letters that wait; `undefined` while that cannot be read. */
  readonly pending: number | undefined
}

interface TenantLook {
  readonly id: string
  /** Everything; takes the metrics of this tenant. */
  readonly whole: (metrics: Measured) => Effect.Effect<TenantStatus>
  /** What costs little, for whoever asks often about many tenants. */
  readonly gauges: Effect.Effect<TenantGauges>
}

/** Makes the look at one tenant. Files are looked at every few seconds at most, everything else whenever it is called. */
export const makeTenantLook = (running: RunningTenant, acting: ActionTenant): TenantLook => {
  let shown: DeadLetterSummary = { pending: 0, replayed: 0, by_reason: {}, newest: [] }
  const { data_dir } = Context.get(running.services, Tenant)
  const lettersNow = everyFewSeconds(Effect.orElseSucceed(makeDeadLetterSummary(data_dir), () => undefined))
  const actedNow = everyFewSeconds(
    Effect.all({
      audit: readAuditTail(data_dir),
      approvals: Effect.map(acting.approvals.list, (all) => all.length),
    }),
  )

  const whole = Effect.fnUntraced(function* (
    metrics: Measured,
  ): Effect.fn.Return<TenantStatus, never, Board | Health | FileSystem.FileSystem> {
    const now_ms = yield* Clock.currentTimeMillis
    const health = yield* Health
    const board = yield* Board
    const { plugins } = yield* health.report
    const parts = yield* health.parts
    const letters = (yield* lettersNow) ?? shown
    shown = letters
    const { audit, approvals } = yield* actedNow
    const partitions = board.partitions().map((one) => partitionStatus(one, parts[one.plugin] ?? [], now_ms, board))
    const enrichment = board.partitions().reduce(
      (sum, { activity, look }) => ({
        open: sum.open + look().enrichment_open,
        enriched: sum.enriched + activity.enriched,
        dead_lettered: sum.dead_lettered + activity.not_enriched,
      }),
      { open: 0, enriched: 0, dead_lettered: 0 },
    )
    const destination = board.destination()
    const { per_second, ...posts } = board.posts()
    return {
      id: running.id,
      status: worst(Object.values(plugins).map(({ status }) => status)),
      plugins: running.plugins.map(({ plugin }) => ({
        id: plugin.id,
        title: plugin.title,
        ...(plugins[plugin.id] ?? not_told),
        last_error: newestError(parts[plugin.id] ?? []),
      })),
      events_per_s: partitions.reduce((sum, { events_per_s }) => sum + events_per_s, 0),
      partitions,
      destination: destination === undefined ? null : { name: destination.name, posts_per_s: per_second, ...posts },
      dead_letters: { ...letters, newest: letters.newest.map(shownLetter) },
      budget: budgetOf(metrics),
      enrichment,
      counters: countersOf(running.plugins, metrics),
      assets: assetsOf(running.plugins, metrics),
      approvals_waiting: approvals,
      audit: audit.map(shownAudit),
    }
  })

  const gauges = Effect.gen(function* () {
    const { plugins } = yield* (yield* Health).report
    return {
      id: running.id,
      plugins: running.plugins.map(({ plugin: { id } }) => ({ id, status: (plugins[id] ?? not_told).status })),
      pending: (yield* lettersNow)?.pending,
    }
  })
  return {
    id: running.id,
    whole: (metrics) => Effect.provide(whole(metrics), running.services),
    gauges: Effect.provide(gauges, running.services),
  }
}

/** What an effect gives, no older than a few seconds. */
const everyFewSeconds = <A, R>(effect: Effect.Effect<A, never, R>): Effect.Effect<A, never, R> => {
  let known: { readonly read_ms: number; readonly value: A } | undefined
  return Effect.gen(function* () {
    const now_ms = yield* Clock.currentTimeMillis
    if (known !== undefined && Math.abs(now_ms - known.read_ms) < limits.disk_age_ms_max) return known.value
    const value = yield* effect
    known = { read_ms: now_ms, value }
    return value
  })
}

const not_told: Report = { status: "ok", since: new Date(0).toISOString(), detail: "" }

const newestError = (parts: readonly PartReport[]): PartReport["last_error"] =>
  parts.reduce<PartReport["last_error"]>(
    (newest, { last_error }) => (last_error !== null && last_error.at > (newest?.at ?? "") ? last_error : newest),
    null,
  )

const short = (text: string): string => cleanText(text, limits.text_chars_max)

/** A dead letter without what Falcon sent. */
const shownLetter = ({ id, at, reason, detail, partition, offset, bytes }: DeadLetter): ShownLetter => ({
  id: short(id),
  at: short(at),
  reason: short(reason),
  detail: short(detail),
  partition: short(partition.slice(partition.lastIndexOf("/") + 1)),
  offset,
  bytes,
})

const shownAudit = (line: AuditLine): AuditShown => ({
  at: short(line.at),
  who: short(line.who),
  via: short(line.via ?? ""),
  action: short(line.action),
  outcome: line.outcome,
  ids: line.ids?.length ?? 0,
  ...(line.counts !== undefined && { counts: line.counts }),
  ...(line.approved_by !== undefined && { approved_by: short(line.approved_by) }),
  ...(line.detail !== undefined && { detail: short(line.detail) }),
})
