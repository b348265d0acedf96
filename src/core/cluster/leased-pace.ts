/**
 * The pace of one tenant's calls in one of several processes: what a lease in the database allows, asked for once a second while there are calls.
 * Where the database does not answer, an equal part of the rate, once every lease that others may have has ended.
 */
import { Clock, Effect, Latch, Queue, type Scope } from "effect"
import type { StoreError } from "../errors.ts"
import type { Pace, Rate } from "../falcon/pace.ts"
import { monotonicMs } from "../monotonic.ts"
import { LeasedBucket } from "./leased-bucket.ts"
import { lend } from "./leases.ts"
import { shared_rate as limits } from "./limits.ts"
import type { StoredLeases } from "./stored-leases.ts"

/** A lease, by the monotonic clock of this process. The database counts it from a moment later, and so for longer. */
interface Held {
  per_second: number
  readonly until_ms: number
}

/** When the database stopped to answer, as far as this process knows, and when it was found so last. */
interface Away {
  readonly since_ms: number
  readonly told_ms: number
}

/** `processes`: how many there were when that was known last. The lease ends with the scope. */
export const leasedPace = Effect.fnUntraced(function* (
  stored: StoredLeases,
  process: string,
  { per_second_max }: Rate,
  processes: () => number,
): Effect.fn.Return<Pace, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const scope = yield* Effect.scope
  const nowMs = () => monotonicMs(clock)
  const demand = yield* Queue.sliding<true>(1)
  const bucket = new LeasedBucket()
  const { lease_ms } = limits
  let held: Held | undefined
  let away: Away | undefined
  let held_until_ms = Number.NEGATIVE_INFINITY
  let careful_until_ms = Number.NEGATIVE_INFINITY
  let used = 0
  let had_to_wait = false
  /** Released whenever the rate may be another one. */
  const changed = Latch.makeUnsafe(false)

  const ownPart = () => Math.max(1, Math.floor(per_second_max / Math.max(1, processes())))
  const allowed = (now_ms: number): number => {
    if (held !== undefined && now_ms < held.until_ms) return held.per_second
    const is_alone = away !== undefined && now_ms - away.since_ms >= lease_ms && now_ms - away.told_ms < lease_ms
    return is_alone ? ownPart() : 0
  }
  const settle = (now_ms: number) => bucket.setRate(now_ms, allowed(now_ms))

  const wish = (now_ms: number): number => {
    const least = Math.max(limits.least_per_second, Math.ceil(used * limits.reserve_factor))
    const is_new = held === undefined || now_ms >= held.until_ms
    const wants = is_new ? limits.first_per_second : had_to_wait ? per_second_max : least
    return Math.min(wants, now_ms < careful_until_ms ? ownPart() : per_second_max)
  }

  const ask = Effect.gen(function* () {
    const began_ms = nowMs()
    const wants = wish(began_ms)
    used = 0
    had_to_wait = false
    for (let tries = 0; tries < limits.tries_max; tries++) {
      const seen = yield* stored.read
      held_until_ms = Math.max(held_until_ms, nowMs() + seen.hold_ms)
      const leases = lend(seen.leases, { process, wants }, seen.now_ms, { per_second_max, lease_ms })
      const { per_second } = leases[process]!
      // Whether the answer arrives or not: no moment has more than the database says.
      if (held !== undefined) held.per_second = Math.min(held.per_second, per_second)
      settle(nowMs())
      if (!(yield* stored.replace(seen.version, leases))) continue
      held = { per_second, until_ms: began_ms + lease_ms }
      return
    }
  })

  const renew = Effect.gen(function* () {
    const asked = yield* Effect.result(Effect.timeout(ask, limits.ask_ms_max))
    const now_ms = nowMs()
    if (asked._tag === "Failure") {
      const goes_on = away !== undefined && now_ms - away.told_ms < lease_ms
      away = { since_ms: goes_on ? away!.since_ms : now_ms, told_ms: now_ms }
    } else {
      // The others do not know yet that the database is back.
      if (away !== undefined && now_ms - away.told_ms < lease_ms) careful_until_ms = now_ms + 2 * lease_ms
      away = undefined
    }
    settle(now_ms)
    yield* changed.release
  })

  const pay = Effect.fnUntraced(function* (requests: number) {
    for (;;) {
      settle(nowMs())
      Queue.offerUnsafe(demand, true)
      const wait_ms = bucket.waitMs()
      if (wait_ms === 0) break
      had_to_wait = true
      yield* Effect.raceFirst(Effect.sleep(Math.min(wait_ms, limits.renew_ms)), changed.await)
    }
    bucket.take(requests)
    used += requests
  })

  yield* Effect.forkScoped(
    Effect.forever(Queue.take(demand).pipe(Effect.andThen(renew), Effect.andThen(Effect.sleep(limits.renew_ms)))),
  )
  yield* Effect.addFinalizer(() =>
    held === undefined || nowMs() >= held.until_ms ? Effect.void : briefly(stored.giveBack(process)),
  )
  return {
    pay,
    heldUntilMs: () => held_until_ms,
    hold: (wait_ms) => Effect.forkIn(briefly(stored.hold(wait_ms)), scope).pipe(Effect.asVoid),
  }
})

/** What the others learn a little later where the database does not answer. */
const briefly = (told: Effect.Effect<void, StoreError>): Effect.Effect<void> =>
  Effect.ignore(Effect.timeout(told, limits.ask_ms_max))
