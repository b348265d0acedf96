/** `Http` over the runtime's own `fetch`, and its feeds over sockets where that `fetch` is limited. */
import { Layer } from "effect"
import { type RuntimeOptions, runtimeFetch } from "../../runtime/fetch.ts"
import { runtime } from "../../runtime/runtime.ts"
import { exchange, openOverFetch, type Start } from "./exchange.ts"
import { transportError } from "./fetch-error.ts"
import { Http } from "./http.ts"
import { proxyOf } from "./no-proxy.ts"
import { inPools, makeProcessPlaces } from "./pools.ts"
import { openOverSocket } from "./socket/open.ts"

export interface FetchOptions extends RuntimeOptions {
  /** `akonis/<version>`. */
  readonly user_agent: string
  /** Tenants that share the process and its connections. Each builds the layer for itself. */
  readonly tenants?: number
}

/**
 * Redirects are handed back as they come. Time limits are real time, as the network is. Compressed answers are decompressed, and
 * `bytes_max` counts what comes out. Errors name the host, never the URL.
 */
export const layerFetch = (options: FetchOptions): Layer.Layer<Http> => {
  const shared = makeProcessPlaces()
  return Layer.sync(Http, () => {
    const start = starter(options)
    const door: Http["Service"] = {
      send: (request, bytes_max) => exchange(start, request, bytes_max),
      open: runtime === "deno" ? openOverFetch(start) : openOverSocket(options),
    }
    return inPools(door, { tenants: options.tenants ?? 1, shared })
  })
}

/** Calls `fetch` as the options want it. */
export const starter = (options: FetchOptions): Start => {
  const fetch = runtimeFetch(options)
  return (request, url, signal) =>
    fetch(url, {
      method: request.method,
      headers: { "user-agent": options.user_agent, ...request.headers },
      body: (request.body ?? null) as BodyInit | null,
      redirect: "manual",
      signal,
    }).catch((cause: unknown) => Promise.reject(transportError(cause, url.host, proxyOf(url, options))))
}
