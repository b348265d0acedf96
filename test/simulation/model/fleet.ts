/** The hosts of a modelled Falcon: how each of them looks at any time, in listings and pages. */
import { Random } from "../../../simulator/events/random.ts"
import type { FleetPlan, HostPlace } from "../generate/scenario.ts"
import type { Answer } from "./falcon.ts"

/** A host since its last change. Each change gives it another name, by which it is told in an inventory. */
export interface HostVersion {
  readonly id: string
  readonly version: number
  readonly modified_ms: number
}

export class Fleet {
  private readonly hosts: readonly (readonly HostVersion[])[]

  constructor(
    private readonly plan: FleetPlan,
    seed: number,
    start_ms: number,
  ) {
    const random = new Random(seed)
    const hosts = Array.from({ length: plan.hosts }, (_, i) => [
      { id: i.toString(16).padStart(32, "0"), version: 0, modified_ms: start_ms - 3_600_000 + 1_000 * i },
    ])
    const times = random
      .list(0, plan.changes_max, () => start_ms + random.int(0, plan.for_ms))
      .toSorted((a, b) => a - b)
    for (const modified_ms of times) {
      const host = random.pick(hosts)
      host.push({ id: host[0]!.id, version: host.length, modified_ms })
    }
    this.hosts = hosts
  }

  /** As they are now. */
  now(now_ms: number): readonly HostVersion[] {
    return this.hosts.map((versions) => versions.findLast(({ modified_ms }) => modified_ms <= now_ms) ?? versions[0]!)
  }

  answer(place: HostPlace, url: URL, body: string, now_ms: number): Answer {
    const current = this.now(now_ms)
    switch (place) {
      case "hosts":
        return this.page(current, url.searchParams)
      case "host_ids":
        return envelope(
          current.map(({ id }) => id),
          { total: current.length },
        )
      case "host_details": {
        const ids: readonly string[] = JSON.parse(body).ids
        return envelope(current.filter(({ id }) => ids.includes(id)).map(entity))
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
    return envelope(page.map(entity), { total: rows.length, ...more })
  }
}

const entity = ({ id, version, modified_ms }: HostVersion) => ({
  device_id: id,
  hostname: `host-${version}`,
  modified_timestamp: new Date(modified_ms).toISOString(),
  first_seen: "2025-06-01T00:00:00Z",
})

const envelope = (resources: readonly unknown[], pagination: Readonly<Record<string, unknown>> = {}): Answer => ({
  status: 200,
  body: JSON.stringify({ meta: { pagination }, resources, errors: [] }),
})
