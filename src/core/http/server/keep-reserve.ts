/**
 * Keeps descriptors in reserve for delivery: connections of callers may not take them all. A connection that is accepted cannot be
 * refused, so the descriptors of the process are counted, and when its reserve is touched callers have to go.
 */
import { Effect } from "effect"
import { type Descriptors, readDescriptors, reserveOf } from "../descriptors.ts"
import { giveWay } from "./giving-way.ts"
import { descriptors as bounds, server as limits } from "./limits.ts"

/** A port that can be shut for a while. */
export interface Door {
  /** Ends connections on which no request is being answered, as far as the runtime knows them. */
  readonly closeIdle: () => void
  /** Takes no more connections. Requests under way go on; what is silent ends after its idle time. */
  readonly shut: () => void
  /** Requests that are being answered, those from before it was shut included. */
  readonly underWay: () => number
  /** Ends all connections from before it was shut. */
  readonly cut: () => void
  /** Listens again. Throws when that cannot be now. */
  readonly open: () => void
}

/**
 * Never ends. Idle connections and half-sent bodies go first; when that is not enough the port is shut until what callers held is
 * free again: at once where no request is being answered, else when their connections have been silent for their time. It stays shut
 * longer each time that happens anew, so that delivery finds descriptors however often somebody takes them.
 */
export const keepReserve = (door: Door, read: () => Descriptors | undefined = readDescriptors): Effect.Effect<void> =>
  Effect.gen(function* () {
    /** Descriptors in use when callers held none, as far as that is known: what delivery and the runtime need. */
    let without_callers = 0
    let shut_ms: number = bounds.shut_ms
    let calm_ms = 0

    /** What is in use, when that is too much and callers may be the cause. */
    const shortage = (): Descriptors | undefined => {
      const seen = read()
      if (seen === undefined) return undefined
      const reserve = reserveOf(seen.limit)
      const is_short = seen.limit - seen.used < reserve && seen.used - without_callers >= reserve / 4
      return is_short ? seen : undefined
    }

    const shutFor = Effect.fnUntraced(function* ({ used, limit }: Descriptors) {
      door.shut()
      yield* Effect.logWarning(
        `${used} of ${limit} file descriptors are in use: the port of the HTTP API is shut for a while, so that delivery goes on. ` +
          "Raise the limit (ulimit -n), or let a proxy keep strangers away from the port",
      )
      for (let waited_ms = 0; ; waited_ms += bounds.look_ms) {
        yield* Effect.sleep(bounds.look_ms)
        const is_empty = door.underWay() === 0
        if (is_empty) door.cut()
        const may_open = is_empty || shortage() === undefined || waited_ms >= limits.idle_s_max * 2_000
        if (waited_ms >= shut_ms && may_open && (yield* isDone(door.open))) break
      }
      without_callers = read()?.used ?? 0
      shut_ms = Math.min(2 * shut_ms, bounds.shut_ms_max)
    })

    while (true) {
      yield* Effect.sleep(bounds.look_ms)
      if (shortage() === undefined) {
        calm_ms += bounds.look_ms
        if (calm_ms >= bounds.calm_ms) shut_ms = bounds.shut_ms
        continue
      }
      calm_ms = 0
      giveWay()
      door.closeIdle()
      yield* Effect.sleep(bounds.look_ms)
      const still = shortage()
      if (still !== undefined) yield* shutFor(still)
    }
  })

/** Whether it worked. What has taken the port, or the last descriptor, meanwhile is waited for. */
const isDone = (open: () => void): Effect.Effect<boolean> =>
  Effect.try({ try: open, catch: String }).pipe(
    Effect.as(true),
    Effect.catch((why) =>
      Effect.as(Effect.logError(`the port of the HTTP API cannot be opened again yet: ${why}`), false),
    ),
  )
