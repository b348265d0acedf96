/** What `GET /status` answers, and every message of `GET /status/stream`: the dashboard and `akonis top` read nothing else. */
import { z } from "zod"
import { counts_schema } from "../../core/actions/response.ts"
import type { Immutable } from "../../core/json-schema.ts"

const health_status = z.enum(["ok", "degraded", "failed"])
const at = z.string().describe("ISO 8601.")
const last_error = z.object({ at, detail: z.string() }).nullable()
const report = { status: health_status, since: at, detail: z.string() }

const partition = z.object({
  partition: z.string(),
  ...report,
  state: z
    .enum(["flowing", "quiet", "blocked", "disconnected", "troubled"])
    .describe(
      "`flowing`: events come. `quiet`: connected, none within ten seconds. `blocked`: the destination takes nothing now. `disconnected`: Falcon's feed is not open. `troubled`: open, but see `detail`.",
    ),
  events_per_s: z.number().describe("Delivered, over ten seconds."),
  events_in: z.int().describe("Read since the start."),
  events_out: z.int().describe("Delivered since the start."),
  dead_letters: z.int().describe("Recorded since the start."),
  lag_s: z.number().nullable().describe("Age of the newest event that is being delivered, or was delivered last."),
  read_offset: z.int().nullable(),
  committed_offset: z.int().nullable(),
  last_event_at: at.nullable(),
  last_error,
})

const destination = z.object({
  name: z.string(),
  posts_per_s: z.number(),
  p50_ms: z.number().nullable().describe("Of the posts taken within the last minute."),
  p95_ms: z.number().nullable(),
  failed: z.record(z.string(), z.int()).describe("Posts that failed and were tried again since the start, by reason."),
})

const shown_letter = z.object({
  id: z.string(),
  at,
  reason: z.string(),
  detail: z.string(),
  partition: z.string(),
  offset: z.int().nullable(),
  bytes: z.int(),
})

const dead_letters = z.object({
  pending: z.int().describe("Recorded and not replayed."),
  replayed: z.int(),
  by_reason: z.record(z.string(), z.int()).describe("Of the pending ones; empty where there are too many to read."),
  newest: z.array(shown_letter).describe("Of the pending ones, the newest first, without what Falcon sent."),
})

const budget = z.object({ remaining: z.number(), limit: z.number() })

const enrichment = z.object({
  open: z.int().describe("Source events whose enriched events are not delivered yet."),
  enriched: z.int(),
  dead_lettered: z.int(),
})

const assets = z.object({
  plugin: z.string(),
  known: z.number().nullable(),
  sent: z.number(),
  unchanged: z.number(),
  skipped: z.number(),
  removed: z.number(),
  cycles_done: z.number(),
  cycles_failed: z.number(),
  cycle_s: z.number().nullable().describe("Time of the last cycle."),
})

const audit_line = z.object({
  at,
  who: z.string(),
  via: z.string(),
  action: z.string(),
  outcome: z.string(),
  ids: z.int().describe("How many ids it was about."),
  counts: counts_schema.exactOptional(),
  approved_by: z.string().exactOptional(),
  detail: z.string().exactOptional(),
})

const tenant = z.object({
  id: z.string(),
  status: health_status,
  plugins: z.array(z.object({ id: z.string(), title: z.string(), ...report, last_error })),
  events_per_s: z.number(),
  partitions: z.array(partition),
  destination: destination.nullable().describe("Null while nothing delivers events."),
  dead_letters,
  budget: budget.nullable().describe("What Falcon said last about the tenant's requests of the minute."),
  enrichment,
  counters: z
    .record(z.string(), z.record(z.string(), z.number()))
    .describe("What plugins count themselves, by plugin."),
  assets: z.array(assets),
  approvals_waiting: z.int(),
  audit: z.array(audit_line).describe("The newest first."),
})

const cluster = z.object({
  process: z.string().describe("The one that answers."),
  trouble: z
    .string()
    .describe("Why the database cannot be read now; the rest is then as it was last. Empty where it can."),
  processes: z.array(
    z.object({
      process: z.string(),
      version: z.string(),
      works: z.boolean().describe("Whether it takes units; one that only answers does not."),
      seen_s: z.number().describe("How old its last sign of life is."),
    }),
  ),
  units: z
    .array(
      z.object({
        tenant: z.string(),
        plugin: z.string(),
        process: z.string().describe("Which has taken it last."),
        since: at,
        epoch: z.int().describe("Rises with each takeover."),
        seen_s: z
          .number()
          .nullable()
          .describe("How old the last sign of life of that process is; null where it is gone."),
        events_per_s: z.number().nullable().describe("Delivered there, over ten seconds."),
      }),
    )
    .describe("The plugins' work for each tenant."),
})

const shared = z.object({ id: z.string(), ...report })

export const status_report = z.object({
  at,
  version: z.string(),
  uptime_s: z.int(),
  status: health_status.describe("That of the tenant that is worst, or of what they share."),
  read_only: z.boolean(),
  caller: z.object({ name: z.string(), role: z.enum(["reader", "responder", "admin"]) }).describe("Who asks."),
  process: z.object({ cpu_s: z.number(), rss_bytes: z.number() }),
  cluster: cluster.describe("Who of a cluster runs what; of the tenants that the caller may see.").exactOptional(),
  shared: z
    .array(shared)
    .describe(
      "What belongs to no tenant, such as the list of children in Flight Control. Only for callers that may see all tenants.",
    )
    .exactOptional(),
  tenants: z.array(tenant),
})

export type StatusReport = Immutable<z.output<typeof status_report>>
export type SharedStatus = Immutable<z.output<typeof shared>>
export type ClusterStatus = Immutable<z.output<typeof cluster>>
export type TenantStatus = Immutable<z.output<typeof tenant>>
export type PartitionStatus = Immutable<z.output<typeof partition>>
export type ShownLetter = Immutable<z.output<typeof shown_letter>>
export type AuditShown = Immutable<z.output<typeof audit_line>>
