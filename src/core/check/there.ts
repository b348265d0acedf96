/** What `akonis check` finds out about the way to Falcon: proxy, reachability, clock, credentials, cloud. One try each. */
import { Clock, Effect, Result } from "effect"
import type { Credentials } from "../config/schema.ts"
import type { TransportError } from "../errors.ts"
import { FalconAuth, makeFalconAuth } from "../falcon/auth.ts"
import { clouds, cloudUrl, firstUrl, isCloud } from "../falcon/cloud.ts"
import type { FalconCredentials } from "../falcon/credentials.ts"
import { silent } from "../falcon/layer.ts"
import { Http, type HttpAnswer } from "../http/client/http.ts"
import { proxyOf } from "../http/client/no-proxy.ts"
import { type Finding, failed, ok, unknown, warning } from "./check.ts"
import { falconFinding } from "./falcon-finding.ts"
import { checking } from "./limits.ts"

/** What came of one request to Falcon's address, without a token. */
export interface Reached {
  readonly url: string
  readonly proxy: string | undefined
  readonly result: Result.Result<HttpAnswer, TransportError>
  /** Our time when it came. */
  readonly at_ms: number
}

/** Asks for the root, which needs no token: any answer shows the way, and its `Date` the time. */
export const reach = Effect.fnUntraced(function* (
  url: string,
  settings: { readonly proxy: string | undefined; readonly no_proxy: string | undefined },
) {
  const request = { method: "GET", url: `${url}/`, timeout_ms: checking.row_ms_max } as const
  const result = yield* Effect.result((yield* Http).send(request, checking.answer_bytes_max))
  const at_ms = yield* Clock.currentTimeMillis
  return { url, proxy: proxyOf(new URL(url), settings), result, at_ms } satisfies Reached
})

/** What the proxy did with the request; `shown`: the proxy of the configuration, without its password. */
export const proxyFinding = ({ url, proxy, result }: Reached, shown: string): Finding => {
  if (proxy === undefined) return ok(`${shown}; not used for ${url} (NO_PROXY, or this machine)`)
  if (Result.isFailure(result)) {
    const { by_proxy, reason, message } = result.failure
    if (by_proxy === true)
      return failed(message, "correct proxy (or HTTPS_PROXY), or start it; NO_PROXY names what goes without it")
    if (reason === "timeout")
      return failed(`${message}, through the proxy ${shown}`, "check whether the proxy answers and lets this host pass")
    return ok(`${shown} is there`)
  }
  if (result.success.status === 407)
    return failed(`the proxy ${shown} wants a name and a password`, "set proxy: http://name:password@host:port")
  return ok(`${shown} passes requests on`)
}

/** Whether Falcon answered; a page of somebody else's is told. */
export const reachFinding = ({ url, result }: Reached): Finding => {
  if (Result.isFailure(result)) {
    const { by_proxy, message } = result.failure
    if (by_proxy === true) return unknown(`${url} was not asked: the proxy does not work`, "mend the proxy first")
    if (/CERT_NOT_YET_VALID|CERT_HAS_EXPIRED/.test(message))
      return failed(message, "set this machine's clock; if it is right, the certificate is bad")
    if (message.includes("is not trusted"))
      return failed(message, "name the authority that signs for the network in ca_file; verification is never off")
    return failed(message, "check base_url, name resolution, proxy and firewall: this machine must reach it by HTTPS")
  }
  const { status, headers, text } = result.success
  if (status === 407) return unknown(`${url} was not asked: the proxy wants a password`, "mend the proxy first")
  const is_falcon = headers.has("x-cs-traceid") || /^\s*\{[\s\S]*"(errors|meta)"/.test(text)
  if (is_falcon) return ok(`${url} answers as Falcon does`)
  return warning(
    `${url} answers ${status}, but not as Falcon does`,
    "check base_url and the proxy, unless a relay of your own is meant",
  )
}

/** How far our clock is from the one that answered. Half a second is lost in headers that count in seconds. */
export const clockFinding = ({ result, at_ms }: Reached): Finding => {
  const date_ms = Result.isSuccess(result) ? Date.parse(result.success.headers.get("date") ?? "") : Number.NaN
  if (Number.isNaN(date_ms)) return unknown("the answer has no Date", "compare this machine's clock with a good one")
  const skew_ms = at_ms - date_ms
  const off = `this machine's clock is ${spelt(Math.abs(skew_ms))} ${skew_ms > 0 ? "ahead" : "behind"}`
  const remedy =
    "set the clock (chrony, systemd-timesyncd); certificates and the times in logs and audit lines depend on it"
  if (Math.abs(skew_ms) >= checking.skew_failed_ms) return failed(off, remedy)
  return Math.abs(skew_ms) >= checking.skew_warning_ms ? warning(off, remedy) : ok("less than a minute off")
}

const spelt = (ms: number): string => {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 120) return `${minutes} min`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} days`
}

/** Asks for a token. */
export const credentialsFinding: Effect.Effect<Finding, never, FalconAuth> = Effect.gen(function* () {
  const auth = yield* FalconAuth
  yield* auth.bearer
  return ok(`${yield* auth.base_url} gives a token`)
}).pipe(
  Effect.catchTag("FalconError", (error) =>
    Effect.succeed(falconFinding(error, "add this machine's address to the IP allow list of the Falcon console")),
  ),
)

/** Which cloud the tenant lives in, as the token's answer says, and whether `base_url` is that one. */
export const cloudFinding = Effect.fnUntraced(function* ({ base_url }: Credentials) {
  const auth = yield* FalconAuth
  const region = yield* auth.region
  const used = yield* auth.base_url
  if (region === undefined) return unknown("the answer names no region", "nothing, as long as the other rows are good")
  const home = cloudUrl(region)
  if (home === undefined) return ok(`region ${region}, which is none that is known here; ${used} is used`)
  if (used === home) return ok(`region ${region}; base_url: ${home}${base_url === "auto" ? " saves the redirect" : ""}`)
  const detail = `the tenant lives in ${region}, and base_url is ${used}`
  const remedy = `set base_url: ${home} (FALCON_BASE_URL), or auto`
  return isCloud(used)
    ? failed(detail, remedy)
    : warning(`${detail}, none of CrowdStrike's`, `${remedy}, unless a relay of your own is meant`)
})

/**
 * Where credentials that one commercial cloud refuses are at home: us-1 knows the clients of all of them and redirects. They are never
 * taken out of a GovCloud, nor anywhere when `base_url` is none of CrowdStrike's.
 */
export const findHome = Effect.fnUntraced(function* (credentials: FalconCredentials) {
  const base_url = firstUrl(credentials)
  const asks = isCloud(base_url) && !/\.(gcw\.crowdstrike\.com|mil)$/.test(base_url) && base_url !== clouds["us-1"]
  if (!asks) return undefined
  const auth = yield* makeFalconAuth({ ...credentials, base_url: "auto" }, silent)
  const token = yield* Effect.option(auth.bearer)
  if (token._tag === "None") return undefined
  const home = yield* auth.base_url
  return failed(`the same credentials are good at ${home}`, `set base_url: ${home} (FALCON_BASE_URL), or auto`)
})
