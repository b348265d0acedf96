/** `fetch` of the runtime at hand, with the proxy and the certificates of the configuration, and without its own idle timeout. */
import { getCACertificates } from "node:tls"
import { bodies } from "../http/client/limits.ts"
import { isDirect } from "../http/client/no-proxy.ts"
import { runtime } from "./runtime.ts"

export interface RuntimeOptions {
  /** `http://host:port`, with `user:password@` when needed; for http and https alike. */
  readonly proxy?: string | undefined
  /** curl's syntax, see `isDirect`. */
  readonly no_proxy?: string | undefined
  /** Certificate authorities beside the built-in ones, PEM. */
  readonly ca_pem?: string | undefined
}

/** `fetch` as the options want it. Certificates are verified whatever the environment says. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>

/** Chooses by the runtime at hand. */
export function runtimeFetch(options: RuntimeOptions): Fetch {
  if (runtime === "bun") return bunFetch(options)
  return runtime === "deno" ? denoFetch(options) : nodeFetch(options)
}

/**
 * - `timeout: false`: Bun ends a connection that was silent for 360 s, which a quiet event stream may be.
 * - `tls.ca` replaces Bun's own list, so the list is handed over together with ours.
 * - `proxy: false` also keeps Bun from looking at the environment; `respectNoProxy: false` because we have looked already.
 */
function bunFetch(options: RuntimeOptions): Fetch {
  const trust = { session: new Bun.FetchSession({ tls: trusting(options.ca_pem) }) }
  return (url, init) =>
    fetch(url, { timeout: false, ...trust, ...bunProxy(url, options), ...inPieces(init) } as RequestInit)
}

/**
 * A large body as a stream of its pieces, with its length. Bun copies a body that is given whole, into memory of its own that the kernel
 * has to clear: with a tenth of a second between posts that cost five times as much as the rest of the post (docs/decisions/0016).
 * The body is read while it is sent, and no more once the request has ended in any way.
 */
const inPieces = (init: RequestInit): RequestInit => {
  const { body } = init
  if (!(body instanceof Uint8Array) || body.length <= bodies.piece_bytes) return init
  let at = 0
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const end = Math.min(at + bodies.piece_bytes, body.length)
    controller.enqueue(body.subarray(at, end))
    at = end
    if (at === body.length) controller.close()
  }
  const headers = { ...(init.headers as Record<string, string>), "content-length": String(body.length) }
  return { ...init, headers, body: new ReadableStream({ pull }, { highWaterMark: 0 }) }
}

/**
 * Certificates are verified whatever the environment says: without `rejectUnauthorized`, `NODE_TLS_REJECT_UNAUTHORIZED=0` would
 * switch that off. Made once, list of authorities and all: handing that to every request was measured to cost 0.2 ms each.
 */
const trusting = (ca_pem: string | undefined) => ({
  rejectUnauthorized: true,
  ...(ca_pem === undefined ? {} : { ca: [...getCACertificates("default"), ca_pem] }),
})

function bunProxy(url: URL, options: RuntimeOptions): { readonly proxy?: unknown } {
  if (isDirect(url, options.no_proxy)) return { proxy: false }
  return options.proxy === undefined ? {} : { proxy: { url: options.proxy, respectNoProxy: false } }
}

interface DenoLike {
  readonly createHttpClient: (options: { proxy?: { url: string }; caCerts?: string[] }) => unknown
}

/** Deno takes both from an HTTP client object; its certificates come on top of the built-in ones. */
function denoFetch(options: RuntimeOptions): Fetch {
  const { createHttpClient } = (globalThis as unknown as { readonly Deno: DenoLike }).Deno
  const certificates = options.ca_pem === undefined ? {} : { caCerts: [options.ca_pem] }
  const direct = options.ca_pem === undefined ? undefined : createHttpClient(certificates)
  const proxied =
    options.proxy === undefined ? direct : createHttpClient({ ...certificates, proxy: { url: options.proxy } })
  return (url, init) => {
    const client = isDirect(url, options.no_proxy) ? direct : proxied
    return fetch(url, { ...(client !== undefined && { client }), ...init } as RequestInit)
  }
}

/**
 * Node's own `fetch` takes neither, so its package `undici` is used; loaded here, since under Bun its name means something else.
 * Its limits on the time until the headers and between two pieces of a body are switched off: we have our own.
 */
function nodeFetch(options: RuntimeOptions): Fetch {
  const loading = import("undici").then(({ Agent, ProxyAgent, fetch }) => {
    const connect = trusting(options.ca_pem)
    const patience = { headersTimeout: 0, bodyTimeout: 0 }
    const direct = new Agent({ ...patience, connect })
    const proxied =
      options.proxy === undefined
        ? direct
        : new ProxyAgent({
            ...patience,
            uri: options.proxy,
            proxyTunnel: false,
            requestTls: connect,
            proxyTls: connect,
          })
    return { fetch, direct, proxied }
  })
  return async (url, init) => {
    const { fetch, direct, proxied } = await loading
    const dispatcher = isDirect(url, options.no_proxy) ? direct : proxied
    const asked = fetch(url, { ...init, dispatcher } as Parameters<typeof fetch>[1])
    return (await asked.catch((error: unknown) => Promise.reject(named(error)))) as unknown as Response
  }
}

/** Undici has no code of its own for a proxy that opens no tunnel. */
const named = (error: unknown): unknown => {
  const { cause } = error as { readonly cause?: unknown }
  const is_tunnel = cause instanceof Error && cause.message.startsWith("Proxy response")
  return is_tunnel ? Object.assign(new Error("the proxy opened no tunnel"), { code: "ERR_PROXY_TUNNEL" }) : error
}
