/** One request for an OAuth2 token, with the redirects between CrowdStrike's clouds. */
import { Clock, Effect, Redacted } from "effect"
import { Http, type HttpAnswer } from "../http/client/http.ts"
import { observeCall } from "../http/client/observe-call.ts"
import { whySiteDiffers } from "../http/client/origin.ts"
import { forPurpose } from "../http/client/purpose.ts"
import { jsonObject } from "../json-object.ts"
import { cloudUrl } from "./cloud.ts"
import type { FalconCredentials } from "./credentials.ts"
import { parseEnvelope } from "./envelope.ts"
import type { FalconError } from "./errors.ts"
import { failure, statusFailure, transportFailure } from "./failure.ts"
import { falcon } from "./limits.ts"
import type { Operation } from "./operation.ts"
import type { RateLimit } from "./rate-limit.ts"
import { without } from "./without-secrets.ts"

/** The call that gets a token. Asking twice does no harm. */
export const token_operation: Operation = {
  name: "token",
  method: "POST",
  path: "/oauth2/token",
  idempotent: true,
  scopes: [],
}

export interface Token {
  readonly bearer: Redacted.Redacted<string>
  readonly life_ms: number
  /** When it was asked for: after any wait for the rate limit, before the request. */
  readonly asked_at_ms: number
  /** Origin that gave it, after redirects. */
  readonly issuer: string
  /** `X-Cs-Region`, the tenant's cloud, when Falcon named it. */
  readonly region: string | undefined
}

interface TokenRequest {
  readonly credentials: FalconCredentials
  /** The rate budget of the token endpoint at this URL. */
  readonly rateOf: (url: string) => Effect.Effect<RateLimit>
}

/**
 * Makes the function that asks `base_url` once. Falcon answers 201; any 2xx counts. A client of another cloud is
 * redirected there (308 in PSFalcon, 301 to 308 in crimson-falcon): method and form are kept, whatever the status, and
 * only within the site of `base_url`, because the form holds the secret.
 */
export const makeTokenRequest = Effect.fnUntraced(function* ({ credentials, rateOf }: TokenRequest) {
  const http = yield* Http

  const post = Effect.fnUntraced(function* (url: string, body: string) {
    const rate = yield* rateOf(url)
    yield* rate.take
    const asked_at_ms = yield* Clock.currentTimeMillis
    const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" }
    const asked = { method: "POST", url, headers, body, repeatable: true } as const
    const request = { ...asked, timeout_ms: falcon.request_ms_max }
    const answer = yield* http.send(request, falcon.token_bytes_max).pipe(
      forPurpose("session"),
      observeCall({ upstream: "falcon", operation: token_operation.name }, request),
      Effect.mapError((error) => transportFailure(token_operation, error)),
    )
    yield* rate.learn(token_operation.name, answer)
    return { answer, asked_at_ms }
  })

  return Effect.fnUntraced(function* (base_url: string): Effect.fn.Return<Token, FalconError> {
    const secret = Redacted.value(yield* Effect.mapError(credentials.client_secret, unreadable))
    const form = formOf(credentials, secret)
    let url = base_url + token_operation.path
    for (let hops = 0; hops <= falcon.token_redirects_max; hops++) {
      const posted = yield* post(url, form)
      const answer = without(posted.answer, [secret])
      if (answer.status < 300) return yield* readToken(answer, new URL(url).origin, posted.asked_at_ms)
      const next = redirectTarget(answer, url)
      if (next === undefined) return yield* refusal(answer, yield* Clock.currentTimeMillis)
      const why = whySiteDiffers(next, base_url)
      if (why !== undefined) return yield* failure(token_operation, "untrusted_url", `Falcon redirects, but ${why}`)
      url = next
    }
    return yield* failure(token_operation, "rejected", `more than ${falcon.token_redirects_max} redirects`)
  })
})

const formOf = (credentials: FalconCredentials, client_secret: string): string => {
  const { client_id, member_cid } = credentials
  return new URLSearchParams({ client_id, client_secret, ...(member_cid ? { member_cid } : {}) }).toString()
}

/** Where to ask next; some redirects name only the region. */
const redirectTarget = (answer: HttpAnswer, url: string): string | undefined => {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return undefined
  const location = answer.headers.get("location")
  if (location !== null && URL.canParse(location, url)) return new URL(location, url).href
  const base_url = cloudUrl(answer.headers.get("x-cs-region") ?? "")
  return base_url === undefined ? undefined : base_url + token_operation.path
}

/** Wrong credentials come as 400, 401 or 403, by the service that notices (kibana PR 235139, ansible collection 173). */
const refusal = (answer: HttpAnswer, now_ms: number): FalconError => {
  if (![400, 401, 403].includes(answer.status)) return statusFailure(token_operation, answer, now_ms)
  if (speaksOfAddress(answer))
    return statusFailure(token_operation, answer, now_ms, { reason: "forbidden", remark: address_remark })
  return statusFailure(token_operation, answer, now_ms, {
    reason: "unauthorized",
    remark: "; check client_id and client_secret",
  })
}

const address_remark = "; the credentials may be right: add our address to the IP allow list of the Falcon console"

/** A tenant may let only some addresses in; then the body says so, and no change of the credentials helps. */
const speaksOfAddress = (answer: HttpAnswer): boolean =>
  (parseEnvelope(answer)?.errors ?? []).some(
    ({ message }) => /\b(ip|address)\b/i.test(message) && /allow|permit|white.?list|denied|block/i.test(message),
  )

const unreadable = (error: { readonly message: string }): FalconError =>
  failure(token_operation, "unauthorized", `the client secret cannot be read: ${error.message}`)

const readToken = (answer: HttpAnswer, issuer: string, asked_at_ms: number): Effect.Effect<Token, FalconError> => {
  const { access_token: token, expires_in } = jsonObject(answer.text) ?? {}
  if (typeof token !== "string" || token === "") {
    return Effect.fail(
      failure(token_operation, "malformed", "the answer holds no access_token", { status: answer.status }),
    )
  }
  // What does not fit into a header would break every call before it is sent, and not say why.
  if (token.length > falcon.token_chars_max || !/^[\x20-\x7e]+$/.test(token)) {
    return Effect.fail(failure(token_operation, "malformed", "the access_token is no token", { status: answer.status }))
  }
  return Effect.succeed({
    bearer: Redacted.make(token, { label: "falcon token" }),
    life_ms: lifeMs(expires_in),
    asked_at_ms,
    issuer,
    region: answer.headers.get("x-cs-region") ?? undefined,
  })
}

const lifeMs = (expires_in: unknown): number => {
  const ms = Number(expires_in) * 1_000
  if (!Number.isFinite(ms) || ms <= 0) return falcon.token_life_ms
  return Math.min(Math.max(ms, falcon.token_life_ms_min), falcon.token_life_ms_max)
}
