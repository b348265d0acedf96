/** The client of Falcon's API: token, rate limit, retries and pages. */
import { Clock, Context, Effect, Metric, Redacted, Result } from "effect"
import { Http, type HttpAnswer, type HttpRequest } from "../http/client/http.ts"
import { observeCall } from "../http/client/observe-call.ts"
import { whySiteDiffers } from "../http/client/origin.ts"
import { FalconAuth } from "./auth.ts"
import { CallWatch } from "./call-watch.ts"
import { type Envelope, emptyEnvelope, parseEnvelope } from "./envelope.ts"
import { FalconError } from "./errors.ts"
import { failure, failWhenEmpty, statusFailure, transportFailure } from "./failure.ts"
import { falcon } from "./limits.ts"
import { askForList } from "./list-answer.ts"
import { isChange, isRepeatable, type Operation } from "./operation.ts"
import { SharedPace } from "./pace.ts"
import { type Pages, type PagesOptions, walkPages } from "./paginate.ts"
import { makeRateLimit } from "./rate-limit.ts"
import { requestUrl } from "./request-url.ts"
import { retriesOf, withRetries } from "./retry.ts"
import { timeRequest } from "./time-request.ts"
import { without } from "./without-secrets.ts"

export type { Envelope } from "./envelope.ts"
export { failWhenEmpty } from "./failure.ts"
export type { Operation } from "./operation.ts"
export type { Pages, PagesOptions } from "./paginate.ts"

export class Falcon extends Context.Service<
  Falcon,
  {
    /**
     * One call: token, rate limit, retries. Any 2xx succeeds, also with `errors` and without `resources`; see
     * `failWhenEmpty`.
     */
    readonly request: (operation: Operation) => Effect.Effect<Envelope, FalconError>
    /** Walks the pages of a list in order, until its end or `limit`. Fails when any page does, or holds errors and nothing else. */
    readonly pages: (operation: Operation, options?: PagesOptions) => Effect.Effect<Pages, FalconError>
  }
>()("akonis/core/Falcon") {}

/**
 * Makes the client of one tenant, which counts with the metric attributes of where it is made. What becomes of a call that gets no 2xx:
 *
 * - 401: one new token, one more try
 * - 429: all calls of this tenant wait, then it is repeated, up to 5 times, whatever its method
 * - unreachable: repeated with backoff, up to 5 times, whatever its method
 * - 5xx, timeout, reset: the same when `idempotent`, else `outcome_unknown`
 * - everything else that is no 2xx fails at once
 */
export const makeFalcon = Effect.gen(function* () {
  const http = yield* Http
  const auth = yield* FalconAuth
  const labels = yield* Metric.CurrentMetricAttributes
  const most = {
    per_second_max: Math.min(falcon.api_per_second_max, falcon.tenant_per_minute_max / 60),
    burst_max: falcon.api_burst_max,
  }
  const shared = yield* SharedPace
  const rate = yield* makeRateLimit({ ...most, is_tenants: true, pace: shared && (yield* shared(most)) })

  const send = Effect.fnUntraced(function* (
    operation: Operation,
    token: Redacted.Redacted<string>,
  ): Effect.fn.Return<HttpAnswer, FalconError> {
    const base_url = yield* auth.base_url
    const why = operation.url === undefined ? undefined : whySiteDiffers(operation.url, base_url)
    if (why !== undefined) return yield* failure(operation, "untrusted_url", `Falcon named a URL, but ${why}`)
    yield* rate.take
    const bearer = Redacted.value(token)
    const request = httpRequest(operation, requestUrl(operation, base_url), bearer)
    const answer = yield* http.send(request, operation.bytes_max ?? falcon.response_bytes_max).pipe(
      timeRequest(operation.name),
      observeCall({ upstream: "falcon", operation: operation.name }, request),
      Effect.mapError((error) => transportFailure(operation, error)),
    )
    yield* rate.learn(operation.name, answer)
    return without(answer, [bearer])
  })

  const once = Effect.fnUntraced(function* (operation: Operation): Effect.fn.Return<Envelope, FalconError> {
    const token = yield* auth.bearer
    const answer = yield* send(operation, token)
    if (answer.status !== 401) return yield* readAnswer(operation, answer)
    const renewed = yield* auth.renew(token)
    return yield* readAnswer(operation, yield* send(operation, renewed))
  })

  /** One try, of which whoever watches is told; a 2xx that holds a refusal and nothing else counts as one. */
  const watched = Effect.fnUntraced(function* (operation: Operation): Effect.fn.Return<Envelope, FalconError> {
    const watch = yield* CallWatch
    return yield* once(operation).pipe(
      Effect.tapError((error) => watch(operation, error)),
      Effect.tap((answer) =>
        Effect.flatMap(Effect.result(failWhenEmpty(operation, answer)), (judged) =>
          watch(operation, Result.isFailure(judged) ? judged.failure : undefined),
        ),
      ),
    )
  })

  /** Marks how a change ended of which an earlier try may have been carried out. */
  const tryOnce = (operation: Operation) => (in_doubt: boolean) => {
    const answer = watched(operation)
    if (!in_doubt || !isChange(operation)) return answer
    return Effect.mapBoth(answer, {
      onSuccess: (envelope) => ({ ...envelope, after_doubt: true as const }),
      onFailure: (error) => new FalconError({ ...error, after_doubt: true }),
    })
  }

  // Counted for the tenant alone, whichever plugin makes the call: the token and the rate are everybody's.
  const request = (operation: Operation) =>
    withRetries(operation, tryOnce(operation), retriesOf(operation)).pipe(
      Effect.provideService(Metric.CurrentMetricAttributes, labels),
    )

  const page = (operation: Operation) =>
    Effect.flatMap(askForList(request, operation), (answer) => failWhenEmpty(operation, answer))

  return Falcon.of({
    request,
    pages: (operation, options) => walkPages(page, operation, options),
  })
})

/** One call that `failWhenEmpty` judges, too: a 2xx that holds a refusal and nothing else fails. */
export const askStrictly = Effect.fnUntraced(function* (
  operation: Operation,
): Effect.fn.Return<Envelope, FalconError, Falcon> {
  return yield* failWhenEmpty(operation, yield* (yield* Falcon).request(operation))
})

/** Falcon wants a Content-Type even on a POST without a body (gofalcon, the refresh of a stream session). */
const httpRequest = (operation: Operation, url: string, bearer: string): HttpRequest => {
  const has_body = operation.body !== undefined
  const typed = has_body || operation.method === "POST" || operation.method === "PATCH" || operation.method === "PUT"
  return {
    method: operation.method,
    url,
    headers: {
      authorization: `Bearer ${bearer}`,
      accept: "application/json",
      ...(typed && { "content-type": "application/json" }),
    },
    ...(has_body && { body: JSON.stringify(operation.body) }),
    ...(isRepeatable(operation) && { repeatable: true }),
    timeout_ms: operation.timeout_ms ?? falcon.request_ms_max,
  }
}

/** The envelope of an answer, or the failure that it tells of. */
const readAnswer = Effect.fnUntraced(function* (
  operation: Operation,
  answer: HttpAnswer,
): Effect.fn.Return<Envelope, FalconError> {
  if (answer.status < 200 || answer.status > 299) {
    return yield* statusFailure(operation, answer, yield* Clock.currentTimeMillis)
  }
  const envelope = parseEnvelope(answer)
  if (envelope !== undefined) return envelope
  return yield* failure(
    operation,
    "malformed",
    `Falcon answered ${answer.status} with something that is no JSON, or more of it than any answer has`,
    {
      status: answer.status,
      trace_id: emptyEnvelope(answer).trace_id,
    },
  )
})
