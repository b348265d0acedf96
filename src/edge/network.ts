/** The door to the network at the edge: the `fetch` that is there, as it is. */
import { Layer } from "effect"
import { exchange, openOverFetch, type Start } from "../core/http/client/exchange.ts"
import { startError } from "../core/http/client/fetch-error.ts"
import { Http } from "../core/http/client/http.ts"

/** Proxies and authorities are the runtime's matter. */
export const layerEdgeNetwork = (user_agent: string): Layer.Layer<Http> => {
  const start: Start = (request, url, signal) =>
    fetch(url, {
      method: request.method,
      headers: { "user-agent": user_agent, ...request.headers },
      body: (request.body ?? null) as BodyInit | null,
      redirect: "manual",
      signal,
    }).catch((cause: unknown) => Promise.reject(startError(cause, request, url.host)))
  return Layer.succeed(Http, {
    send: (request, bytes_max) => exchange(start, request, bytes_max),
    open: openOverFetch(start),
  })
}
