/** The OAuth2 token of one Falcon tenant. */
import { Clock, Context, Effect, Metric, Redacted, Result, Semaphore } from "effect"
import { Http } from "../http/client/http.ts"
import { retry } from "../limits.ts"
import { monotonicMs } from "../monotonic.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { metrics } from "../telemetry/metrics.ts"
import { cloudUrl, firstUrl, isCloud } from "./cloud.ts"
import type { FalconCredentials } from "./credentials.ts"
import type { FalconError } from "./errors.ts"
import { falcon } from "./limits.ts"
import { makeRateLimit } from "./rate-limit.ts"
import { withRetries } from "./retry.ts"
import { TokenRates } from "./token-rates.ts"
import { makeTokenRequest, type Token, token_operation } from "./token-request.ts"

export class FalconAuth extends Context.Service<
  FalconAuth,
  {
    /** A token that is good for a while: the one held, or a new one. Callers at the same time share one request. */
    readonly bearer: Effect.Effect<Redacted.Redacted<string>, FalconError>
    /** A token in place of `after`, which Falcon refused: the one that another caller has got meanwhile, or a new one. */
    readonly renew: (after: Redacted.Redacted<string>) => Effect.Effect<Redacted.Redacted<string>, FalconError>
    /** Without a slash at its end. With `auto` it is final once `bearer` has succeeded. */
    readonly base_url: Effect.Effect<string>
    /** The tenant's region as Falcon named it with the last token; `undefined` when it did not, or before the first token. */
    readonly region: Effect.Effect<string | undefined>
    /**
     * From now on asks with other credentials. The token of the same API client goes on being used until there is a new one, which the
     * next call asks for; that of another client, child or cloud is dropped.
     */
    readonly replace: (credentials: FalconCredentials) => Effect.Effect<void>
  }
>()("akonis/core/FalconAuth") {}

interface Held {
  readonly bearer: Redacted.Redacted<string>
  readonly renew_at_ms: number
  readonly expires_at_ms: number
}

/** A token, and the cloud that gave it, for a client that is made anew for each request. */
export interface RememberedToken {
  held?: Held | undefined
  base_url?: string
}

/** Where the client that is being made holds its token. It holds it by itself where nothing is provided. */
export const TokenMemory = Context.Reference<RememberedToken | undefined>("akonis/core/TokenMemory", {
  defaultValue: () => undefined,
})

/**
 * Holds one token. It is renewed when less than 5 minutes remain, or less than half of a life shorter than 10 minutes. One
 * caller at a time asks Falcon; the others wait for its result. A failure is the answer to everybody for `token_failure_ms`, so
 * that Falcon is not asked again and again with a wrong secret. A renewal is tried once while the old token is still good; when
 * it fails, the old token is used until it expires. `health` is told while there is no good token.
 */
export const makeFalconAuth = Effect.fnUntraced(function* (first: FalconCredentials, health: Pick<HealthCell, "set">) {
  const own = yield* makeRateLimit({ per_second_max: falcon.auth_per_second_max, burst_max: falcon.auth_burst_max })
  const shared = yield* TokenRates
  let waits_turn = false
  const rateOf = Effect.fnUntraced(function* (url: string) {
    const rate = shared === undefined ? own : yield* shared.of(new URL(url).host)
    const waits = (on: boolean) =>
      Effect.sync(() => {
        waits_turn = on
      })
    return { ...rate, take: Effect.ensuring(Effect.andThen(waits(true), rate.take), waits(false)) }
  })
  const http = yield* Http
  const clock = yield* Clock.Clock
  const lock = yield* Semaphore.make(1)
  const memory = (yield* TokenMemory) ?? {}
  let credentials = first
  let requestToken = yield* makeTokenRequest({ credentials, rateOf })
  let base_url = memory.base_url ?? firstUrl(credentials)
  let region: string | undefined
  let failed: { readonly error: FalconError; readonly until_ms: number } | undefined

  const fetchToken = Effect.fnUntraced(function* (is_needed: boolean) {
    const ask = Effect.suspend(() => requestToken(base_url))
    const retries_max = is_needed ? retry.attempts_max : 0
    const token = yield* withRetries(token_operation, () => (is_needed ? reporting(ask) : ask), retries_max)
    region = token.region
    if (credentials.base_url === "auto") base_url = memory.base_url = homeOf(token, base_url)
    else yield* warnOfOtherCloud(token, base_url)
    yield* health.set("ok", "")
    yield* Metric.update(metrics.token_renewals, 1)
    return heldFrom(token)
  })

  /** Without a token that is still good nothing works: a failure is reported at once, and a missing answer soon. */
  const reporting = <A>(ask: Effect.Effect<A, FalconError>): Effect.Effect<A, FalconError> => {
    const tell = Effect.suspend(() => health.set("degraded", waits_turn ? no_turn : no_answer))
    const slow = Effect.forever(Effect.andThen(Effect.sleep(falcon.token_told_ms), tell))
    return Effect.scoped(Effect.andThen(Effect.forkScoped(slow), ask)).pipe(
      Effect.tapError((error) => health.set("degraded", error.message)),
    )
  }

  /** Returns the held token, or gets one. Only to be called with `lock` held. */
  const obtain = Effect.fnUntraced(function* (
    refused: Redacted.Redacted<string> | undefined,
  ): Effect.fn.Return<Redacted.Redacted<string>, FalconError> {
    if (memory.held !== undefined && refused !== undefined && sameToken(memory.held.bearer, refused))
      memory.held = undefined
    const now_ms = yield* Clock.currentTimeMillis
    if (memory.held !== undefined && now_ms < memory.held.renew_at_ms) return memory.held.bearer
    const spare = memory.held !== undefined && now_ms < memory.held.expires_at_ms ? memory.held : undefined
    if (failed !== undefined && monotonicMs(clock) < failed.until_ms) return spare?.bearer ?? (yield* failed.error)

    const result = yield* Effect.result(fetchToken(spare === undefined))
    if (Result.isSuccess(result)) {
      failed = undefined
      memory.held = result.success
      return memory.held.bearer
    }
    const error = result.failure
    const failed_at_ms = yield* Clock.currentTimeMillis
    failed = { error, until_ms: monotonicMs(clock) + Math.max(falcon.token_failure_ms, error.retry_after_ms ?? 0) }
    if (spare === undefined || failed_at_ms >= spare.expires_at_ms) return yield* error
    yield* Effect.logWarning(
      "The Falcon token could not be renewed; the old one is used until it expires",
      error.message,
    )
    return spare.bearer
  })

  const bearer = Effect.gen(function* () {
    const now_ms = yield* Clock.currentTimeMillis
    if (memory.held !== undefined && now_ms < memory.held.renew_at_ms) return memory.held.bearer
    return yield* lock.withPermit(obtain(undefined))
  })

  const replace = Effect.fnUntraced(
    function* (next: FalconCredentials) {
      const { held } = memory
      const is_same = isSameClient(credentials, next)
      if (!is_same) base_url = memory.base_url = firstUrl(next)
      memory.held = is_same && held !== undefined ? { ...held, renew_at_ms: 0 } : undefined
      failed = undefined
      credentials = next
      requestToken = yield* makeTokenRequest({ credentials, rateOf })
    },
    Effect.provideService(Http, http),
    lock.withPermit,
  )

  return FalconAuth.of({
    bearer,
    replace,
    renew: (after) => lock.withPermit(obtain(after)),
    base_url: Effect.sync(() => base_url),
    region: Effect.sync(() => region),
  })
})

const no_turn =
  "starting: waits for its turn at the token endpoint, where Falcon counts all tenants of this process together"

/** Whether a token of the one is a token of the other. */
const isSameClient = (one: FalconCredentials, other: FalconCredentials): boolean =>
  one.client_id === other.client_id && one.base_url === other.base_url && one.member_cid === other.member_cid

const no_answer = `token: no answer from the token endpoint after ${falcon.token_told_ms / 1_000} s`

const sameToken = (a: Redacted.Redacted<string>, b: Redacted.Redacted<string>): boolean =>
  Redacted.value(a) === Redacted.value(b)

/** A token's life is counted from before its request, so that it ends early rather than late. */
const heldFrom = (token: Token): Held => {
  const margin_ms = Math.min(falcon.token_margin_ms, token.life_ms / 2)
  const expires_at_ms = token.asked_at_ms + token.life_ms
  return { bearer: token.bearer, renew_at_ms: expires_at_ms - margin_ms, expires_at_ms }
}

/** The API's base URL: of the region that Falcon names, else of the host where the redirects ended. */
const homeOf = (token: Token, base_url: string): string => {
  const named = token.region === undefined ? undefined : cloudUrl(token.region)
  return named ?? (token.issuer === new URL(base_url).origin ? base_url : token.issuer)
}

/** Logs when a configured `base_url` is not that of the tenant's cloud. It is used all the same; Falcon will refuse the calls. */
const warnOfOtherCloud = (token: Token, base_url: string): Effect.Effect<void> => {
  const home = token.region === undefined ? undefined : cloudUrl(token.region)
  return home === undefined || home === base_url || !isCloud(base_url)
    ? Effect.void
    : Effect.logWarning(`The tenant lives in ${token.region}: base_url should be ${home} or auto, not ${base_url}`)
}
