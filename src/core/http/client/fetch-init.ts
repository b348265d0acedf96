/** Proxy, certificates and idle timeout: what each runtime wants beside the standard options of `fetch`. */
import { getCACertificates } from "node:tls"
import { isDirect } from "./no-proxy.ts"

export interface RuntimeOptions {
  /** `http://host:port`, with `user:password@` when needed; for http and https alike. */
  readonly proxy?: string | undefined
  /** curl's syntax, see `isDirect`. */
  readonly no_proxy?: string | undefined
  /** Certificate authorities beside the built-in ones, PEM. */
  readonly ca_pem?: string | undefined
}

/** The further options for one URL. */
export type RuntimeInit = (url: URL) => RequestInit

interface DenoLike {
  readonly createHttpClient?: (options: { proxy?: { url: string }; caCerts?: string[] }) => unknown
}

/** Chooses by the runtime at hand; any other than Bun and Deno gets nothing. */
export function runtimeInit(options: RuntimeOptions): RuntimeInit {
  if ("Bun" in globalThis) return bunInit(options)
  const deno = (globalThis as { readonly Deno?: DenoLike }).Deno
  return deno === undefined ? () => ({}) : denoInit(options, deno)
}

/**
 * - `timeout: false`: Bun ends a connection that was silent for 360 s, which a quiet event stream may be.
 * - `tls.ca` replaces Bun's own list, so the list is handed over together with ours.
 * - `proxy: false` also keeps Bun from looking at the environment; `respectNoProxy: false` because we have looked already.
 */
function bunInit(options: RuntimeOptions): RuntimeInit {
  const trust = { session: trusting(options.ca_pem) }
  return (url) => {
    const init: object = { timeout: false, ...trust, ...bunProxy(url, options) }
    return init
  }
}

/**
 * Certificates are verified whatever the environment says: without `rejectUnauthorized`, `NODE_TLS_REJECT_UNAUTHORIZED=0` would
 * switch that off. Reads the list of authorities once; handing it to every request was measured to cost 0.2 ms each.
 */
const trusting = (ca_pem: string | undefined): Bun.FetchSession =>
  new Bun.FetchSession({
    tls: {
      rejectUnauthorized: true,
      ...(ca_pem === undefined ? {} : { ca: [...getCACertificates("default"), ca_pem] }),
    },
  })

function bunProxy(url: URL, options: RuntimeOptions): { readonly proxy?: unknown } {
  if (isDirect(url, options.no_proxy)) return { proxy: false }
  return options.proxy === undefined ? {} : { proxy: { url: options.proxy, respectNoProxy: false } }
}

/** Deno takes both from an HTTP client object; its certificates come on top of the built-in ones. */
function denoInit(options: RuntimeOptions, deno: DenoLike): RuntimeInit {
  const certificates = options.ca_pem === undefined ? {} : { caCerts: [options.ca_pem] }
  const direct = options.ca_pem === undefined ? undefined : deno.createHttpClient?.(certificates)
  const proxied =
    options.proxy === undefined ? direct : deno.createHttpClient?.({ ...certificates, proxy: { url: options.proxy } })
  return (url) => {
    const client = isDirect(url, options.no_proxy) ? direct : proxied
    const init: object = client === undefined ? {} : { client }
    return init
  }
}
