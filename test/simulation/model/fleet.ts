/** The hosts of a modelled Falcon: how each of them looks at any time, in listings and pages. */
import { Random } from "../../../simulator/events/random.ts"
import type { FleetPlan, HostPlace } from "../generate/scenario.ts"
import type { Answer } from "./falcon.ts"

/** A host since its last change. Each change gives it another name, by which it is told in an inventory. */
export interface HostVersion {
  readonly id: string
  readonly version: number
  readonly modified_ms: number
  /** When listings show it. */
  readonly visible_ms: number
}

export class Fleet {
  private readonly hosts: readonly (readonly HostVersion[])[]
  /** When Falcon first knew each of them, in no order; by id. */
  private readonly first_seen_ms: ReadonlyMap<string, number>

  private readonly plan: FleetPlan

  constructor(plan: FleetPlan, seed: number, start_ms: number) {
    this.plan = plan
    const random = new Random(seed)
    const hosts = Array.from({ length: plan.hosts }, (_, i) => {
      const modified_ms = start_ms - 3_600_000 + 1_000 * i
      return [{ id: i.toString(16).padStart(32, "0"), version: 0, modified_ms, visible_ms: modified_ms }]
    })
    const times = random
      .list(0, plan.changes_max, () => start_ms + random.int(0, plan.for_ms))
      .toSorted((a, b) => a - b)
    for (const modified_ms of times) {
      const host = random.pick(hosts)
      host.push({ id: host[0]!.id, version: host.length, modified_ms, visible_ms: modified_ms })
    }
    const more = new Random(seed + 1)
    const lateness = (modified_ms: number) =>
      plan.late_ms_max !== undefined && modified_ms >= start_ms && more.chance(0.5) ? more.int(0, plan.late_ms_max) : 0
    this.hosts = hosts.map((versions) =>
      versions.map((one) => ({ ...one, visible_ms: one.visible_ms + lateness(one.modified_ms) })),
    )
    const order = more.shuffle(hosts.map(([first]) => first!.id))
    this.first_seen_ms = new Map(order.map((id, i) => [id, start_ms - 86_400_000 + 1_000 * i]))
  }

  /** As they are now. */
  now(now_ms: number): readonly HostVersion[] {
    return this.hosts.map((versions) => versions.findLast(({ visible_ms }) => visible_ms <= now_ms) ?? versions[0]!)
  }

  /** When Falcon first knew it; -1 for an id that it never had. */
  firstSeenMs(id: string): number {
    return this.first_seen_ms.get(id) ?? -1
  }

  answer(place: HostPlace, url: URL, body: string, now_ms: number): Answer {
    const current = this.now(now_ms)
    switch (place) {
      case "hosts":
        return this.page(current, url.searchParams)
      case "host_ids":
        return this.ids(
          current.map(({ id }) => id),
          url.searchParams,
        )
      case "host_details": {
        const ids: readonly string[] = JSON.parse(body).ids
        return envelope(current.filter(({ id }) => ids.includes(id)).map(this.entity))
      }
      case "host_groups":
        return envelope([], { total: 0 })
    }
  }

  /** In the order of their changes; a host that changes meanwhile moves to the end. */
  private page(current: readonly HostVersion[], query: URLSearchParams): Answer {
    const since = /^modified_timestamp:>='(.*)'$/.exec(query.get("filter") ?? "")?.[1]
    const [after_ms = "-1", after_id = ""] = query.get("offset")?.split(" ") ?? []
    const since_ms = since === undefined ? 0 : Date.parse(since)
    const rows = current
      .filter(
        ({ modified_ms, id }) => modified_ms > Number(after_ms) || (modified_ms === Number(after_ms) && id > after_id),
      )
      .filter(({ modified_ms }) => modified_ms >= since_ms)
      .toSorted((a, b) => a.modified_ms - b.modified_ms || (a.id < b.id ? -1 : 1))
    const page = rows.slice(0, this.plan.page_max)
    const last = page.at(-1)
    const more = last !== undefined && rows.length > page.length ? { next: `${last.modified_ms} ${last.id}` } : {}
    return envelope(page.map(this.entity), { total: rows.length, ...more })
  }

  private ids(ids: readonly string[], query: URLSearchParams): Answer {
    const from = Number(query.get("offset")?.replace("from-", "") ?? 0)
    const end = from + this.plan.page_max
    const more = end < ids.length ? { offset: `from-${end}` } : {}
    return envelope(ids.slice(from, end), { total: ids.length, ...more })
  }

  private readonly entity = ({ id, version, modified_ms }: HostVersion) => ({
    device_id: id,
    hostname: `host-${version}`,
    modified_timestamp: new Date(modified_ms).toISOString(),
    first_seen: new Date(this.firstSeenMs(id)).toISOString(),
  })
}

const envelope = (resources: readonly unknown[], pagination: Readonly<Record<string, unknown>> = {}): Answer => ({
  status: 200,
  body: JSON.stringify({ meta: { pagination }, resources, errors: [] }),
})
