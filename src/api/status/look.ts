/** One look at everything that runs: the same for whoever asks, so that it is made once and shared. */
import { Clock, Effect, type FileSystem, Metric } from "effect"
import type { AuditLine } from "../../core/actions/audit.ts"
import { readAuditTail } from "../../core/actions/audit-tail.ts"
import type { ActionTenant } from "../../core/actions/execute.ts"
import { type DeadLetterSummary, makeDeadLetterSummary } from "../../core/delivery/dead-letter-summary.ts"
import type { DeadLetter } from "../../core/delivery/dead-letters.ts"
import { status as limits } from "../../core/limits/operator.ts"
import { Board } from "../../core/telemetry/board.ts"
import { Health, type PartReport, type Report, type Status } from "../../core/telemetry/health.ts"
import type { RunningTenant } from "../../core/tenant/boot.ts"
import { Tenant } from "../../core/tenant/identity.ts"
import { cleanText } from "../../core/text.ts"
import { assetsOf, budgetOf, countersOf } from "./counted.ts"
import { partitionStatus } from "./partitions.ts"
import type { AuditShown, ShownLetter, TenantStatus } from "./schema.ts"

/** What is read from the disk, and when. */
interface FromDisk {
  readonly read_ms: number
  readonly letters: DeadLetterSummary
  readonly audit: readonly AuditLine[]
  readonly approvals: number
}

/** Makes the look at one tenant. Files are looked at every few seconds at most, everything else whenever it is called. */
export const makeTenantLook = (running: RunningTenant, acting: ActionTenant) => {
  let disk: FromDisk | undefined
  let letters: ReturnType<typeof makeDeadLetterSummary> | undefined

  const fromDisk = Effect.gen(function* () {
    const now_ms = yield* Clock.currentTimeMillis
    if (disk !== undefined && Math.abs(now_ms - disk.read_ms) < limits.disk_age_ms_max) return disk
    const { data_dir } = yield* Tenant
    letters ??= makeDeadLetterSummary(data_dir)
    const known = disk?.letters ?? { pending: 0, replayed: 0, by_reason: {}, newest: [] }
    disk = {
      read_ms: now_ms,
      letters: yield* Effect.orElseSucceed(letters, () => known),
      audit: yield* readAuditTail(data_dir),
      approvals: yield* Effect.orElseSucceed(
        Effect.map(acting.approvals.list, (all) => all.length),
        () => 0,
      ),
    }
    return disk
  })

  const look = Effect.gen(function* (): Effect.fn.Return<
    TenantStatus,
    never,
    Board | Health | Tenant | FileSystem.FileSystem
  > {
    const now_ms = yield* Clock.currentTimeMillis
    const health = yield* Health
    const board = yield* Board
    const { plugins } = yield* health.report
    const parts = yield* health.parts
    const metrics = (yield* Metric.snapshot).filter(({ attributes }) => attributes?.tenant === running.id)
    const { letters, audit, approvals } = yield* fromDisk
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
  return Effect.provide(look, running.services)
}

const not_told: Report = { status: "ok", since: new Date(0).toISOString(), detail: "" }

const rank = { ok: 0, degraded: 1, failed: 2 } as const

/** The worst of them; `ok` for none. */
export const worst = (all: readonly Status[]): Status =>
  all.reduce<Status>((status, one) => (rank[one] > rank[status] ? one : status), "ok")

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
