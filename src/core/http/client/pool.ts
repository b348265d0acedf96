/** The connections for one purpose: who has them, who waits for one, and whether that goes on for too long. */
import { type Clock, Effect, Semaphore } from "effect"
import { monotonicMs } from "../../monotonic.ts"
import { connections } from "./limits.ts"

/**
 * What a request is for. `intake`: deliveries. `session`: what keeps streams alive: tokens, listings, refreshes. `action`: response
 * actions. `lookup`: everything else, the enrichment and the inventories for instance.
 */
export type Purpose = "intake" | "session" | "action" | "lookup"

export const purposes: readonly Purpose[] = ["intake", "session", "action", "lookup"]

export const names = { intake: "the intake", session: "sessions", action: "actions", lookup: "lookups" } as const

/** How a pool is at one moment. */
export interface PoolLook {
  readonly purpose: Purpose
  /** Requests that wait for a connection. */
  readonly waiting: number
  /** What is wrong when all connections have been taken for too long, with the hosts that have not answered; `undefined` when nothing is. */
  readonly crowded: string | undefined
}

/** A request, and since when it waits or is under way, by the monotonic clock. */
interface Since {
  readonly since_ms: number
  readonly url?: string
}

export class Pool {
  readonly purpose: Purpose
  size: number
  readonly places: Semaphore.Semaphore
  /** In the order in which they came. */
  private readonly waiting = new Set<Since>()
  private readonly under_way = new Set<Since>()

  constructor(purpose: Purpose, size: number) {
    this.purpose = purpose
    this.size = size
    this.places = Semaphore.makeUnsafe(size)
  }

  /** Requests that are under way go on; a smaller pool gives no place until as many have ended. */
  resize(size: number): Effect.Effect<void> {
    this.size = size
    return this.places.resize(size)
  }

  /** Runs an effect that waits for a place. */
  queued<A, E, R>(clock: Clock.Clock, wait: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return during(this.waiting, { since_ms: monotonicMs(clock) }, wait)
  }

  /** Runs an effect that has taken a place. */
  using<A, E, R>(clock: Clock.Clock, url: string, exchange: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return during(this.under_way, { since_ms: monotonicMs(clock), url }, exchange)
  }

  look(now_ms: number): PoolLook {
    return { purpose: this.purpose, waiting: this.waiting.size, crowded: this.crowded(now_ms) }
  }

  /** A pool that is full and moves is busy; one in which no place was given for a while, or whose first in line waits for that long, is crowded. */
  private crowded(now_ms: number): string | undefined {
    if (this.under_way.size < this.size) return undefined
    const [first] = this.waiting
    const still_ms = now_ms - Math.max(...[...this.under_way].map(({ since_ms }) => since_ms))
    const longest_ms = Math.max(still_ms, first === undefined ? 0 : now_ms - first.since_ms)
    if (longest_ms < connections.crowded_ms) return undefined
    const waits = this.waiting.size === 1 ? "1 request waits" : `${this.waiting.size} requests wait`
    return (
      `all ${this.size} connections for ${names[this.purpose]} are in use, the last for ${Math.floor(still_ms / 1_000)} s, ` +
      `and ${waits} for one; not answered yet: ${this.hosts()}`
    )
  }

  /** The hosts that are being waited for, the one with most requests first. */
  private hosts(): string {
    const counts = new Map<string, number>()
    for (const { url = "" } of this.under_way) counts.set(hostOf(url), (counts.get(hostOf(url)) ?? 0) + 1)
    const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, connections.hosts_named_max)
    return most.map(([host, count]) => `${count} by ${host}`).join(", ")
  }
}

const during = <A, E, R>(set: Set<Since>, entry: Since, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    set.add(entry)
    return Effect.ensuring(
      effect,
      Effect.sync(() => set.delete(entry)),
    )
  })

/** The host of a URL; empty when it is none. */
export const hostOf = (url: string): string => URL.parse(url)?.host ?? ""
