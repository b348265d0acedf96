/** What the page knows: the last report, how the connection is, where the reader is. */
import { computed, signal } from "@preact/signals"
import type { StatusReport, TenantStatus } from "../api/status/schema.ts"
import { Problem, read } from "./server.ts"

export type Session = "unknown" | "in" | "out"

export const session = signal<Session>("unknown")
export const report = signal<StatusReport | undefined>(undefined)
/** When the last report came, by this machine's clock; what is old is said to be. */
const heard_ms = signal(0)
export const connected = signal(false)
const now_ms = signal(Date.now())

/** Seconds without a report after which the page says that it shows the past. */
const stale_ms = 5_000
export const is_stale = computed(() => report.value !== undefined && now_ms.value - heard_ms.value > stale_ms)

/** `#/actions/isolate_endpoints` as its parts. */
export const route = signal(partsOf(location.hash))
addEventListener("hashchange", () => {
  route.value = partsOf(location.hash)
  document.querySelector("main")?.focus()
})

function partsOf(hash: string): readonly string[] {
  return hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent)
}

export const tenant_id = signal<string | undefined>(undefined)

export const tenant = computed<TenantStatus | undefined>(() => {
  const all = report.value?.tenants ?? []
  return all.find(({ id }) => id === tenant_id.value) ?? all[0]
})

/** Where the routes of the tenant begin. */
export const base = computed(() =>
  (report.value?.tenants.length ?? 0) > 1 && tenant.value !== undefined ? `/tenants/${tenant.value.id}` : "",
)

const ranks = { reader: 0, responder: 1, admin: 2 } as const
export const allows = (role: keyof typeof ranks): boolean => ranks[report.value?.caller.role ?? "reader"] >= ranks[role]

/** Events per second of the last two minutes, by tenant. */
const points_max = 120
export const history = signal<ReadonlyMap<string, readonly number[]>>(new Map())

const receive = (next: StatusReport): void => {
  report.value = next
  heard_ms.value = Date.now()
  history.value = new Map(
    next.tenants.map(({ id, events_per_s }) => [
      id,
      [...(history.value.get(id) ?? []), events_per_s].slice(-points_max),
    ]),
  )
}

let source: EventSource | undefined

/** Follows the stream. A browser opens it again by itself; where it does not, the session is over, or the server is gone for now. */
const watch = (): void => {
  source?.close()
  source = new EventSource("/status/stream")
  source.onopen = () => {
    connected.value = true
    session.value = "in"
  }
  source.onmessage = ({ data }) => receive(JSON.parse(data as string) as StatusReport)
  source.onerror = () => {
    connected.value = false
    if (source?.readyState !== EventSource.CLOSED) return
    setTimeout(() => void begin(), 3_000)
  }
}

/** Finds out whether there is a session, and shows what it shows. */
export const begin = async (): Promise<void> => {
  try {
    receive(await read<StatusReport>("/status"))
    session.value = "in"
    watch()
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      source?.close()
      report.value = undefined
      session.value = "out"
    } else setTimeout(() => void begin(), 3_000)
  }
}

setInterval(() => {
  now_ms.value = Date.now()
}, 1_000)
