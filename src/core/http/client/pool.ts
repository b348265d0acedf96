/** The connections for one purpose: who has them, who waits for one, and whether that goes on for too long. */
import { type Clock, Effect, Semaphore } from "effect"
import { monotonicMs } from "../../monotonic.ts"
import { connections } from "./limits.ts"

/**
 * What a request is for. `intake`: deliveries. `session`: what keeps streams alive: tokens, listings, refreshes. `action`: response
 * actions. `lookup`: everything else, the enrichment and the inventories for instance.
 */
export type Purpose = "intake" | "session" | "action" | "lookup"

export const names = { intake: "the intake", session: "sessions", action: "actions", lookup: "lookups" } as const

export const purposes = Object.keys(names) as readonly Purpose[]

/** One of something for each purpose. */
export const byPurpose = <A>(make: (purpose: Purpose) => A): Readonly<Record<Purpose, A>> => ({
  intake: make("intake"),
  session: make("session"),
  action: make("action"),
  lookup: make("lookup"),
})

/** How a pool is at one moment. */
export interface PoolLook {
  readonly purpose: Purpose
  /** Requests that wait for a connection. */
  readonly waiting: number
  /** What is wrong when all connections have been taken for too long, with the hosts that have not answered; `undefined` when nothing is. */
  readonly crowded: string | undefined
}

/** Places of which a request takes one. */
export interface Places {
  readonly free: Semaphore.Semaphore
  /** All of them in words, as they are when this is asked. */
  readonly all: () => string
}

/** A request, and since when it waits or is under way, by the monotonic clock. */
interface Since {
  readonly since_ms: number
}

interface Waiting extends Since {
  /** The places of which it waits for one. */
  readonly places: () => Places
}

interface UnderWay extends Since {
  readonly url: string
}

export class Pool {
  readonly purpose: Purpose
  size: number
  readonly places: Places
  /** In the order in which they came. */
  private readonly waiting = new Set<Waiting>()
  private readonly under_way = new Set<UnderWay>()

  constructor(purpose: Purpose, size: number) {
    this.purpose = purpose
    this.size = size
    this.places = {
      free: Semaphore.makeUnsafe(size),
      all: () => `all ${this.size} connections for ${names[purpose]}`,
    }
  }

  /** Requests that are under way go on; a smaller pool gives no place until as many have ended. */
  resize(size: number): Effect.Effect<void> {
    if (size === this.size) return Effect.void
    this.size = size
    return this.places.free.resize(size)
  }

  /** Runs an effect that waits for a place; `places` tells for one of which. */
  queued<A, E, R>(clock: Clock.Clock, places: () => Places, wait: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return during(this.waiting, { since_ms: monotonicMs(clock), places }, wait)
  }

  /** Runs an effect that has taken a place. */
  using<A, E, R>(clock: Clock.Clock, url: string, exchange: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return during(this.under_way, { since_ms: monotonicMs(clock), url }, exchange)
  }

  look(now_ms: number): PoolLook {
    return { purpose: this.purpose, waiting: this.waiting.size, crowded: this.crowded(now_ms) }
  }

  /**
   * A pool that is full and moves is busy; one in which no place was given for a while, or whose first in line waits for that long, is
   * crowded. The first in line of a pool that is not full waits for a place of the process.
   */
  private crowded(now_ms: number): string | undefined {
    const is_full = this.under_way.size >= this.size
    const still_ms = is_full ? this.stillMs(now_ms) : 0
    const [first] = this.waiting
    const first_ms = first === undefined ? 0 : now_ms - first.since_ms
    if (Math.max(still_ms, first_ms) < connections.crowded_ms) return undefined
    const places = is_full || first === undefined ? this.places : first.places()
    const for_s = Math.floor((is_full ? still_ms : first_ms) / 1_000)
    const waits = this.waiting.size === 1 ? "1 request waits" : `${this.waiting.size} requests wait`
    const told = is_full
      ? `${places.all()} are in use, the last for ${for_s} s, and ${waits} for one`
      : `${places.all()} are in use, and ${waits} for one, the first for ${for_s} s`
    return this.under_way.size === 0 ? told : `${told}; not answered yet: ${this.hosts()}`
  }

  /** For how long no request has begun. */
  private stillMs(now_ms: number): number {
    return now_ms - Math.max(...[...this.under_way].map(({ since_ms }) => since_ms))
  }

  /** The hosts that are being waited for, the one with most requests first. */
  private hosts(): string {
    const counts = new Map<string, number>()
    for (const { url } of this.under_way) counts.set(hostOf(url), (counts.get(hostOf(url)) ?? 0) + 1)
    const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, connections.hosts_named_max)
    return most.map(([host, count]) => `${count} by ${host}`).join(", ")
  }
}

const during = <S, A, E, R>(set: Set<S>, entry: S, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    set.add(entry)
    return Effect.ensuring(
      effect,
      Effect.sync(() => set.delete(entry)),
    )
  })

/** The host of a URL; empty when it is none. */
export const hostOf = (url: string): string => URL.parse(url)?.host ?? ""
