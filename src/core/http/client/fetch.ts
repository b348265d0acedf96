/** `Http` over the runtime's own `fetch`, and its feeds over sockets where that `fetch` is limited. */
import { Effect, Layer } from "effect"
import { type RuntimeOptions, runtimeFetch } from "../../runtime/fetch.ts"
import { runtime } from "../../runtime/runtime.ts"
import { exchange, openOverFetch, type Start } from "./exchange.ts"
import { startError } from "./fetch-error.ts"
import { Http, type HttpRequest } from "./http.ts"
import { proxyOf } from "./no-proxy.ts"
import { type DoorInPools, inPools, makeProcessPlaces, partsDiffer } from "./pools.ts"
import { openOverSocket } from "./socket/open.ts"

export interface FetchOptions extends RuntimeOptions {
  /** `akonis/<version>`. */
  readonly user_agent: string
}

/**
 * Redirects are handed back as they come. Time limits are real time, as the network is. Compressed answers are decompressed, and
 * `bytes_max` counts what comes out. Errors name the host, never the URL. Each tenant builds the layer for itself; those that have built it
 * share the connections.
 */
export const layerFetch = (options: FetchOptions): Layer.Layer<Http> => {
  const shared = makeProcessPlaces()
  const doors = new Set<DoorInPools>()
  /** Tells all of a number of tenants that has changed; beyond some dozens it changes the part of none. */
  const shareOut = (before: number) =>
    Effect.suspend(() =>
      partsDiffer(before, doors.size)
        ? Effect.forEach(doors, (door) => door.shareWith(doors.size), { discard: true })
        : Effect.void,
    )
  const open = Effect.suspend(() => {
    const start = starter(options)
    const door: Http["Service"] = {
      send: (request, bytes_max) => exchange(start, request, bytes_max),
      open: runtime === "deno" ? openOverFetch(start) : openOverSocket(options),
    }
    const tenants = doors.size + 1
    const pooled = inPools(door, { tenants, shared })
    doors.add(pooled)
    return Effect.as(shareOut(tenants - 1), pooled)
  })
  const close = (door: DoorInPools) =>
    Effect.suspend(() => (doors.delete(door) ? shareOut(doors.size + 1) : Effect.void))
  return Layer.effect(Http, Effect.acquireRelease(open, close))
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
      ...(!mayArriveTwice(request) && { keepalive: false }),
      signal,
    }).catch((cause: unknown) => Promise.reject(startError(cause, request, url.host, proxyOf(url, options))))
}

const mayArriveTwice = ({ method, repeatable }: HttpRequest): boolean => method === "GET" || repeatable === true
