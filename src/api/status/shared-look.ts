/** Looks at all tenants for everybody who watches: one computation per tick, however many watch, and none while nobody does. */
import { Effect } from "effect"
import { type Caller, maySee } from "../../core/http/server/bearer.ts"
import { status as limits } from "../../core/limits/operator.ts"
import type { RunningTenant } from "../../core/tenant/boot.ts"
import { version } from "../../version.ts"
import type { Api } from "../api.ts"
import { makeTenantLook, worst } from "./look.ts"
import type { StatusReport, TenantStatus } from "./schema.ts"

/** What was seen, before it is cut to what a caller may see. */
interface Seen {
  readonly tenants: readonly TenantStatus[]
  readonly seen_ms: number
}

export interface SharedLook {
  /** The report for a caller, no older than half a tick, as JSON. */
  readonly now: (caller: Caller) => Promise<string>
  /** Calls `tell` with the report as JSON at every tick until it is closed by what this gives. */
  readonly watch: (caller: Caller, tell: (json: string) => void) => () => void
  /** What every tenant does, no older than half a tick. */
  readonly tenants: () => Promise<readonly TenantStatus[]>
  readonly watchers: () => number
  /** Ends all ticks. */
  readonly stop: Effect.Effect<void>
}

export const makeSharedLook = (api: Api, tenants: readonly RunningTenant[], started_ms: number): SharedLook => {
  const looks = tenants.map((tenant, i) => makeTenantLook(tenant, api.tenants[i]!))
  const lookNow: Effect.Effect<Seen> = Effect.map(Effect.all(looks), (seen) => ({
    tenants: seen,
    seen_ms: api.now_ms(),
  }))
  const watchers = new Set<{ readonly caller: Caller; readonly tell: (json: string) => void }>()
  let last: Seen | undefined
  let looking: Promise<Seen> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Whoever asks while a look is being made gets that one. */
  const look = (): Promise<Seen> => {
    looking ??= api
      .run(lookNow)
      .then((seen) => {
        last = seen
        return seen
      })
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  const recent = (): Promise<Seen> =>
    last !== undefined && Math.abs(api.now_ms() - last.seen_ms) < limits.tick_ms / 2 ? Promise.resolve(last) : look()

  const reportFor = (caller: Caller, seen: Seen): string => {
    const visible = seen.tenants.filter(({ id }) => maySee(caller, id))
    const cpu = process.cpuUsage()
    const report: StatusReport = {
      at: new Date(seen.seen_ms).toISOString(),
      version,
      uptime_s: Math.floor((seen.seen_ms - started_ms) / 1_000),
      status: worst(visible.map(({ status }) => status)),
      read_only: api.read_only,
      caller: { name: caller.name, role: caller.role },
      process: { cpu_s: (cpu.user + cpu.system) / 1e6, rss_bytes: process.memoryUsage.rss() },
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
    tenants: async () => (await recent()).tenants,
    watchers: () => watchers.size,
    stop: Effect.sync(() => {
      watchers.clear()
      clearTimeout(timer)
    }),
  }
}
