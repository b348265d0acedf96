/** Looks at all tenants for everybody who watches: one computation per tick, however many watch, and none while nobody does. */
import { Effect, Metric } from "effect"
import type { ClusterLook } from "../../core/cluster/cluster.ts"
import { type Caller, maySee } from "../../core/http/server/bearer.ts"
import { status as limits } from "../../core/limits/operator.ts"
import { worst } from "../../core/telemetry/health.ts"
import type { RunningTenant } from "../../core/tenant/boot.ts"
import { version } from "../../version.ts"
import type { Api } from "../api.ts"
import type { ProcessHealth } from "../health.ts"
import { type Gauges, makeTenantLook } from "./look.ts"
import type { SharedStatus, StatusReport, TenantStatus } from "./schema.ts"

/** What was seen, before it is cut to what a caller may see. */
interface Seen {
  readonly tenants: readonly TenantStatus[]
  readonly shared: readonly SharedStatus[]
  readonly seen_ms: number
}

export interface SharedLook {
  /** The report for a caller, no older than half a tick, as JSON. */
  readonly now: (caller: Caller) => Promise<string>
  /** Calls `tell` with the report as JSON at every tick until it is closed by what this gives. */
  readonly watch: (caller: Caller, tell: (json: string) => void) => () => void
  readonly gauges: () => Promise<Gauges>
  readonly watchers: () => number
  /** What was seen is about what was shown before: the next one looks anew. */
  readonly forget: () => void
  /** Ends all ticks. */
  readonly stop: Effect.Effect<void>
}

/** `now`: the tenants that are shown now. */
export const makeSharedLook = (
  now: () => { readonly api: Api; readonly running: readonly RunningTenant[] },
  {
    started_ms,
    cluster,
    process_health = Effect.succeed({}),
  }: {
    readonly started_ms: number
    readonly cluster?: () => ClusterLook | undefined
    readonly process_health?: ProcessHealth
  },
): SharedLook => {
  let looks: readonly ReturnType<typeof makeTenantLook>[] | undefined
  const looksNow = () => {
    const { api, running } = now()
    looks ??= running.map((tenant, i) => makeTenantLook(tenant, api.tenants[i]!))
    return looks
  }
  const lookAtShared = Effect.map(process_health, (reports) =>
    Object.entries(reports).map(([id, report]) => ({ id, ...report })),
  )
  /** What is measured is taken once and then parted: each tenant by itself would go through that of all. */
  const lookAtAll = Effect.gen(function* () {
    const looks = looksNow()
    const measured = Map.groupBy(yield* Metric.snapshot, ({ attributes }) => attributes?.tenant)
    const tenants = yield* Effect.forEach(looks, ({ id, whole }) => whole(measured.get(id) ?? []))
    const shared = yield* lookAtShared
    return { tenants, shared, seen_ms: now().api.now_ms() }
  })
  const watchers = new Set<{ readonly caller: Caller; readonly tell: (json: string) => void }>()
  let last: Seen | undefined
  let looking: Promise<Seen> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Whoever asks while a look is being made gets that one. */
  const look = (): Promise<Seen> => {
    if (looking !== undefined) return looking
    const began = now()
      .api.run(lookAtAll)
      .then((seen) => {
        if (looking === began) last = seen
        return seen
      })
      .finally(() => {
        if (looking === began) looking = undefined
      })
    looking = began
    return began
  }

  const forget = (): void => {
    last = looking = looks = undefined
  }

  const recent = (): Promise<Seen> =>
    last !== undefined && Math.abs(now().api.now_ms() - last.seen_ms) < limits.tick_ms / 2
      ? Promise.resolve(last)
      : look()

  const reportFor = (caller: Caller, seen: Seen): string => {
    const visible = seen.tenants.filter(({ id }) => maySee(caller, id))
    // Their details may name any tenant.
    const shared = caller.tenants === undefined ? seen.shared : []
    const cpu = process.cpuUsage()
    const placed = cluster?.()
    const report: StatusReport = {
      at: new Date(seen.seen_ms).toISOString(),
      version,
      uptime_s: Math.floor((seen.seen_ms - started_ms) / 1_000),
      status: worst([...visible, ...shared].map(({ status }) => status)),
      read_only: now().api.read_only,
      caller: { name: caller.name, role: caller.role },
      process: { cpu_s: (cpu.user + cpu.system) / 1e6, rss_bytes: process.memoryUsage.rss() },
      ...(placed !== undefined && {
        cluster: { ...placed, units: placed.units.filter(({ tenant }) => maySee(caller, tenant)) },
      }),
      ...(shared.length > 0 && { shared }),
      tenants: visible,
    }
    return JSON.stringify(report)
  }

  const tick = async (): Promise<void> => {
    const seen = await look()
    // Viewers with the same token share the text, too.
    const texts = new Map<Caller, string>()
    for (const { caller, tell } of watchers) {
      const text = texts.get(caller) ?? reportFor(caller, seen)
      texts.set(caller, text)
      tell(text)
    }
  }

  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      void tick().finally(() => {
        if (watchers.size > 0) schedule()
      })
    }, limits.tick_ms)
  }

  return {
    now: async (caller) => reportFor(caller, await recent()),
    watch: (caller, tell) => {
      const watcher = { caller, tell }
      watchers.add(watcher)
      schedule()
      return () => void watchers.delete(watcher)
    },
    gauges: () =>
      now().api.run(Effect.all({ tenants: Effect.forEach(looksNow(), ({ gauges }) => gauges), shared: lookAtShared })),
    watchers: () => watchers.size,
    forget,
    stop: Effect.sync(() => {
      watchers.clear()
      clearTimeout(timer)
    }),
  }
}
