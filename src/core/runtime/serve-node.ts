/** A `fetch` handler on a port over `node:http`, which Node and Deno bring. */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

interface ServeOptions {
  readonly hostname: string
  readonly port: number
  /** `told`: who asks, in the form that Deno gives it. */
  readonly fetch: (
    request: Request,
    told: { readonly remoteAddr: { readonly hostname: string } },
  ) => Response | Promise<Response>
  /** Seconds until a connection is closed on which no request is being answered, or half of one has come. */
  readonly idle_s: number
  /** How long requests under way may take to be answered once it stops. */
  readonly answered_ms_max: number
  /** Connections beyond these are closed at once. */
  readonly connections_max?: number
}

interface Running {
  readonly port: number
  /** Ends all connections: idle ones at once, the others when their request is answered or its time is over. */
  readonly stop: () => Promise<void>
}

/** Listens; rejects with the system's error, whose `code` says why, when the port cannot be opened. */
export const serveNode = async ({
  hostname,
  port,
  fetch,
  idle_s,
  answered_ms_max,
  connections_max,
}: ServeOptions): Promise<Running> => {
  // Only here: Bun does not need it, and loading it takes time.
  const [{ createServer }, { getRequestListener }] = await Promise.all([
    import("node:http"),
    import("@hono/node-server"),
  ])
  const answer = getRequestListener(
    (request, { incoming }) =>
      fetch(request, { remoteAddr: { hostname: (incoming as IncomingMessage).socket.remoteAddress ?? "" } }),
    { overrideGlobalObjects: false, hostname },
  )
  const options = {
    keepAliveTimeout: idle_s * 1_000,
    headersTimeout: idle_s * 1_000,
    // A body has a limit of its own.
    requestTimeout: 0,
    connectionsCheckingInterval: 1_000,
  }
  const server = createServer(options, (incoming: IncomingMessage, outgoing: ServerResponse) => {
    void answer(incoming, outgoing)
  })
  if (connections_max !== undefined) server.maxConnections = connections_max
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once("error", reject)
  server.listen(port, hostname.replace(/^\[|\]$/g, ""), resolve)
  await promise
  server.off("error", reject)
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((stopped) => {
        const late = setTimeout(() => server.closeAllConnections(), answered_ms_max)
        server.close(() => {
          clearTimeout(late)
          stopped()
        })
        server.closeIdleConnections()
      }),
  }
}
