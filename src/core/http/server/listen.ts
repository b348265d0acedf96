/** Puts a `fetch` handler on a port: over `Bun.serve`, elsewhere over `node:http`. */
import { Effect, type Scope } from "effect"
import { ConfigError } from "../../errors.ts"
import { server as limits } from "../../limits.ts"
import { runtime } from "../../runtime/runtime.ts"
import { serveNode } from "../../runtime/serve-node.ts"

type FetchHandler = (request: Request) => Response | Promise<Response>

export interface Listening {
  readonly hostname: string
  readonly port: number
}

interface ServeOptions {
  readonly hostname: string
  readonly port: number
  readonly fetch: FetchHandler
  /** Seconds until a connection is closed without a request; Bun counts in steps of four. */
  readonly idle_s?: number
}

interface Running extends Listening {
  readonly stop: () => Promise<void>
}

/** Until the scope closes. Fails when the port is taken or not ours to take. */
export const listen = (options: ServeOptions): Effect.Effect<Listening, ConfigError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => (runtime === "bun" ? serveBun(options) : await serveElsewhere(options)),
      catch: (error) => refusal(options, error),
    }),
    (running) => Effect.promise(running.stop),
  )

const serveBun = ({ hostname, port, fetch, idle_s = limits.idle_s_max }: ServeOptions): Running => {
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    // Without the development page Bun shares a port with whoever else takes it, and each gets some of the requests.
    reusePort: false,
    error: () => new Response(null, { status: 500 }),
    idleTimeout: idle_s,
    // While an action runs nothing is sent: only a connection that nobody works for may be idle. The body has a limit of its own.
    fetch: async (request, self) => {
      self.timeout(request, 0)
      try {
        return await fetch(request)
      } finally {
        self.timeout(request, idle_s)
      }
    },
  })
  return { hostname, port: server.port ?? port, stop: () => server.stop(true) }
}

const serveElsewhere = async ({
  hostname,
  port,
  fetch,
  idle_s = limits.idle_s_max,
}: ServeOptions): Promise<Running> => ({
  hostname,
  ...(await serveNode({ hostname, port, fetch, idle_s })),
})

const refusal = ({ hostname, port }: ServeOptions, error: unknown): ConfigError => {
  const code = (error as { readonly code?: string }).code ?? String(error)
  const why = code.includes("EADDRINUSE")
    ? "it is in use"
    : code.includes("EACCES")
      ? "this user may not take it"
      : code
  const message = `port ${port} on ${hostname} cannot be opened: ${why}; choose another one (AKONIS_PORT, 0 for any free one)`
  return new ConfigError({ source: "server", key: "server.port", message })
}
