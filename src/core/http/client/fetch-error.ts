/** What a failed `fetch` tells about whether the request arrived. */
import { TransportError } from "../../errors.ts"
import { falcon } from "../../falcon/limits.ts"
import { texts } from "../../limits.ts"
import { cleanText } from "../../text.ts"
import type { HttpRequest } from "./http.ts"

/**
 * Codes of Bun, and of Node's undici, for a connection that did not come about: nobody listens, no such name. Names behind a proxy are
 * its to resolve.
 */
const NO_CONNECTION = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "FailedToOpenSocket",
  "UND_ERR_CONNECT_TIMEOUT",
])

/** Bun's codes for a certificate that does not verify; it checks before it writes the request. */
const BAD_CERTIFICATE =
  /^(UNABLE_TO_|CERT_|CRL_|ERR_TLS_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/

/**
 * A failure of `fetch` or of reading its body, as a `TransportError`. Anything not known for certain counts as `reset`:
 * `EPROTO` for instance, which Bun words as a failed TLS handshake, also comes long after the handshake.
 * Keeps only the code of `cause`: its message and its `path` hold the URL with its query. `proxy`: the host of the proxy that the
 * request goes through.
 */
export function transportError(cause: unknown, host: string, proxy?: string): TransportError {
  if (cause instanceof TransportError) return cause
  const code = codeOf(cause)
  if (code === "ERR_PROXY_TUNNEL")
    return failure("refused", host, `${proxyName(proxy)} opens no tunnel to ${host} (${code})`, true)
  if (proxy !== undefined && NO_CONNECTION.has(code)) {
    return failure("refused", host, `${proxyName(proxy)} cannot be reached (${code}), so ${host} was not asked`, true)
  }
  if (NO_CONNECTION.has(code)) return failure("refused", host, `${host} cannot be reached (${code})`)
  if (BAD_CERTIFICATE.test(code)) return failure("refused", host, `the certificate of ${host} is not trusted (${code})`)
  if (neverConnected(cause)) return failure("refused", host, `${host} cannot be reached`)
  if (code === "ETIMEDOUT") return failure("timeout", host, `${host} did not answer in time (${code})`)
  const through = proxy === undefined ? "" : ` through ${proxyName(proxy)}`
  return failure("reset", host, `the connection to ${host}${through} broke (${code || nameOf(cause)})`)
}

const proxyName = (proxy: string | undefined): string => (proxy === undefined ? "the proxy" : `the proxy ${proxy}`)

/** As `transportError`, of a `fetch` that may not have begun: a header that it refuses is told by its name. */
export const startError = (cause: unknown, request: HttpRequest, host: string, proxy?: string): TransportError => {
  const bad = cause instanceof TypeError ? badHeaderOf(request) : undefined
  return bad === undefined ? transportError(cause, host, proxy) : unsendable(host, bad)
}

/** The name of a header that cannot be sent; the runtime's error quotes its value, which may be a secret. */
const badHeaderOf = ({ headers = {} }: HttpRequest): string | undefined =>
  Object.entries(headers).find(([name, value]) => {
    try {
      new Headers([[name, value]])
      return false
    } catch {
      return true
    }
  })?.[0]

/** A header that no request can carry, such as a key with a line end in it: certainly nothing was sent. */
const unsendable = (host: string, name: string): TransportError =>
  failure("refused", host, `nothing was sent to ${host}: the header ${name} has characters that no header can have`)

export const timedOut = (host: string, timeout_ms: number): TransportError =>
  failure("timeout", host, `${host} did not answer within ${timeout_ms} ms`)

export const tooLarge = (host: string, bytes_max: number): TransportError =>
  failure("too_large", host, `the answer of ${host} is larger than ${bytes_max} bytes`)

export const invalidUrl = (): TransportError => failure("refused", "", "the request's URL is not valid")

const failure = (reason: TransportError["reason"], host: string, message: string, by_proxy = false): TransportError =>
  new TransportError({
    reason,
    ...(by_proxy && { by_proxy }),
    host: cleanText(host, texts.host_chars_max),
    message: cleanText(message, falcon.error_chars_max),
  })

/** Deno gives no code but says in which phase it failed; connecting includes DNS, the TLS handshake and the proxy. */
const neverConnected = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && error.cause.message.includes("client error (Connect)")

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ""
  if ("code" in error && typeof error.code === "string") return error.code
  return codeOf(error.cause)
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "unknown error")
