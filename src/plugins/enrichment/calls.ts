/**
 * How the enrichment calls Falcon: out of its own share of the budget, a few at once, and waiting for as long as an outage
 * takes. What waiting does not mend fails.
 */
import { Clock, Duration, Effect, Exit, Metric, Result, Scope, Semaphore } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { type Envelope, Falcon, failWhenEmpty, type Operation } from "../../core/falcon/client.ts"
import { FalconError, type FalconReason } from "../../core/falcon/errors.ts"
import { makeRateLimit } from "../../core/falcon/rate-limit.ts"
import { halves } from "../../core/falcon/split-ids.ts"
import { backoffMs, waitMs } from "../../core/http/client/backoff.ts"
import { monotonicClock, monotonicMs } from "../../core/monotonic.ts"
import { Health, type HealthCell } from "../../core/telemetry/health.ts"
import { doubtOf, doubts_max } from "./doubt.ts"
import { enrichment } from "./limits.ts"
import { metrics } from "./metrics.ts"

export const plugin_id = "enrichment"

/** What the API client needs for the calls of every detection, as the console names it. */
export const reads_alerts = ["Alerts: Read"] as const
export const reads_graph = ["Threatgraph: Read"] as const

/** The APIs of Falcon that fail apart from each other. */
const apis = ["alerts", "detections", "threatgraph"] as const
export type Api = (typeof apis)[number]

/** What passes by itself; the others need a person, or will never work. */
const PASSING: readonly FalconReason[] = ["unavailable", "timeout", "unreachable", "rate_limited", "unauthorized"]
/** What lasts until somebody changes the API client, or for ever: not asked again for a while. */
const LASTING: readonly FalconReason[] = ["forbidden", "retired"]

export interface Calls {
  /**
   * One call, or one page. Waits through outages of any length, and does not believe a 2xx that says nothing (`doubtOf`); fails with `forbidden` and `retired` (and then at once for
   * everybody, for 15 minutes), `rejected`, `malformed` and `untrusted_url`.
   */
  readonly request: (api: Api, kind: string, operation: Operation) => Effect.Effect<Envelope, FalconError>
}

/** What is known of one API. */
interface State {
  readonly cell: HealthCell
  healthy: boolean
  /** Somebody looks from time to time whether it is well again. */
  watched: boolean
  refused: { readonly until_ms: number; readonly error: FalconError } | undefined
}

/**
 * Lives in the scope where it is made; its health cells do, too. `probes` are harmless calls that find out whether an API
 * works: while it does not, each is made every 15 minutes, so that health recovers without a detection that comes along.
 */
export const makeCalls = Effect.fnUntraced(function* (
  probes: Readonly<Record<Api, Operation>>,
): Effect.fn.Return<Calls, never, Falcon | Health | Scope.Scope> {
  const scope = yield* Scope.Scope
  const falcon = yield* Falcon
  const clock = yield* Clock.Clock
  const health = yield* Health
  const share = yield* makeRateLimit({
    per_second_max: enrichment.api_per_second_max,
    burst_max: enrichment.api_burst_max,
  })
  const few = yield* Semaphore.make(enrichment.calls_at_once_max)
  const breaker = yield* Effect.provide(
    CircuitBreaker.make({
      tripPolicy: CircuitBreaker.consecutive(enrichment.breaker_failures),
      openDuration: Duration.millis(enrichment.breaker_open_ms),
    }),
    CircuitBreaker.layerStoreMemory(),
  )
  const states = new Map<Api, State>()
  for (const api of apis) {
    states.set(api, { cell: yield* health.cell(plugin_id, api), healthy: true, watched: false, refused: undefined })
  }

  const tell = Effect.fnUntraced(function* (api: Api, detail: string | undefined) {
    const state = states.get(api)!
    const healthy = detail === undefined
    if (state.healthy !== healthy) {
      yield* healthy ? Effect.logInfo(`${api}: Falcon answers again`) : Effect.logWarning(`${api}: ${detail}`)
    }
    state.healthy = healthy
    if (healthy) state.refused = undefined
    else if (!state.watched) {
      state.watched = true
      yield* Effect.forkIn(watch(api, state), scope)
    }
    yield* healthy ? state.cell.set("ok", "") : state.cell.set("degraded", detail)
  })

  const watch = Effect.fnUntraced(function* (api: Api, state: State) {
    while (!state.healthy) {
      yield* Effect.sleep(enrichment.probe_ms)
      if (!state.healthy) yield* Effect.exit(request(api, "probe", probes[api]))
    }
    state.watched = false
  })

  /**
   * One try. It pays when it has a place among the few: those that have paid and wait for calls that hang would all go at once
   * when these end, and exceed the share.
   */
  const once = (api: Api, operation: Operation) =>
    few.withPermit(Effect.andThen(share.take, guarded(api, answerOf(falcon, operation))))

  /** The breaker reads the clock by itself: a wall clock that is set back would keep it open for as long. */
  const steady = monotonicClock(clock)
  const guarded = (api: Api, call: ReturnType<typeof answerOf>) =>
    breaker
      .execute(Effect.provideService(call, Clock.Clock, clock), { key: api, classify: outcomeOf })
      .pipe(Effect.provideService(Clock.Clock, steady))

  const request: Calls["request"] = Effect.fnUntraced(function* (
    api: Api,
    kind: string,
    operation: Operation,
  ): Effect.fn.Return<Envelope, FalconError> {
    const state = states.get(api)!
    let doubts = 0
    for (let attempt = 1; ; attempt++) {
      const { refused } = state
      if (refused !== undefined && monotonicMs(clock) < refused.until_ms) return yield* refused.error
      const result = yield* Effect.result(once(api, operation))
      if (Result.isSuccess(result)) {
        const doubt = doubtOf(operation, result.success)
        if (doubt === undefined || (doubt.may_be_true && doubts >= doubts_max)) {
          if (doubt !== undefined)
            yield* Effect.logWarning(`${operation.name}: the answer ${doubt.what}; it is taken as it is`)
          yield* count(kind, "ok")
          yield* tell(api, undefined)
          return result.success
        }
        doubts++
        yield* count(kind, "doubtful")
        yield* tell(api, `${operation.name}: the answer ${doubt.what}; detections wait until Falcon answers`)
        yield* Effect.sleep(yield* backoffMs(doubts))
        continue
      }
      const error = result.failure
      if (error._tag === "CircuitBreakerError") {
        yield* Effect.sleep(waitOf(error))
        continue
      }
      yield* count(kind, error.reason)
      if (isPassing(error)) {
        yield* tell(api, `${error.message}; detections wait until Falcon answers`)
        // After a 429 the rate limit that everybody takes from does the waiting.
        if (error.reason !== "rate_limited") yield* Effect.sleep(yield* waitMs(attempt, error.retry_after_ms))
        continue
      }
      if (LASTING.includes(error.reason)) {
        state.refused = { until_ms: monotonicMs(clock) + enrichment.forbidden_ms, error }
        yield* tell(api, `${error.message}; tried again every ${enrichment.forbidden_ms / 60_000} minutes`)
      } else {
        // It answers, and does not like the question.
        yield* tell(api, undefined)
      }
      return yield* error
    }
  })

  return { request }
})

/** One try. Falcon may fail with a 200; that it does not know any of the ids is an answer all the same. */
const answerOf = (falcon: Falcon["Service"], operation: Operation) =>
  Effect.flatMap(falcon.request({ ...operation, retry: "none" }), (envelope) =>
    envelope.errors.every(({ code }) => code === 404) ? Effect.succeed(envelope) : failWhenEmpty(operation, envelope),
  )

/** A token that cannot be had is an outage, whatever its reason: nothing of the tenant works meanwhile. */
const isPassing = (error: FalconError): boolean => error.operation === "token" || PASSING.includes(error.reason)

/** A 429 is no failure of Falcon, and any other refusal is an answer. */
function outcomeOf(exit: Exit.Exit<unknown, FalconError>): CircuitBreaker.Outcome {
  const error = Exit.findErrorOption(exit)
  if (error._tag === "None") return Exit.isSuccess(exit) ? CircuitBreaker.success : CircuitBreaker.failure()
  if (error.value.reason === "rate_limited") return CircuitBreaker.ignored
  return isPassing(error.value) ? CircuitBreaker.failure() : CircuitBreaker.success
}

const waitOf = ({ reason }: CircuitBreaker.CircuitBreakerError): Duration.Duration =>
  reason._tag === "CircuitOpen" ? reason.retryAfter : Duration.millis(enrichment.breaker_probe_ms)

const count = (kind: string, outcome: string) =>
  Metric.update(Metric.withAttributes(metrics.enrichment_calls, { kind, outcome }), 1)

/**
 * Asks for `ids` together; when Falcon refuses the whole call, in halves, so that one id that it does not like costs only
 * itself its answer. Without an answer stay a single id that it refuses (a 404 included), and what is still open after
 * `calls_max`: a call whose ids are all unknown is refused as well, down to the last of them.
 */
export const askInParts = Effect.fnUntraced(function* <A>(
  ids: readonly string[],
  calls_max: number,
  ask: (ids: readonly string[]) => Effect.Effect<readonly A[], FalconError>,
): Effect.fn.Return<readonly A[], FalconError> {
  const found: A[] = []
  const open = [ids]
  for (let calls = 0; open.length > 0 && calls < calls_max; calls++) {
    const part = open.shift()!
    const answer = yield* Effect.catchIf(ask(part), isRejected, () => Effect.succeed(undefined))
    if (answer !== undefined) for (const item of answer) found.push(item)
    else if (part.length > 1) open.unshift(...halves(part))
  }
  return found
})

/** Falcon understood the call and will not serve it. */
export const isRejected = (error: FalconError): boolean => error instanceof FalconError && error.reason === "rejected"
