/** Puts a `fetch` handler on a port: over `Bun.serve`, elsewhere over `node:http`. */
import { closeSync, openSync } from "node:fs"
import { Effect, type Scope } from "effect"
import { ConfigError } from "../../errors.ts"
import { runtime } from "../../runtime/runtime.ts"
import { serveNode } from "../../runtime/serve-node.ts"
import { readDescriptors, reserveOf } from "../descriptors.ts"
import { type Door, keepReserve } from "./keep-reserve.ts"
import { server as limits } from "./limits.ts"
import { peerOf } from "./peer.ts"

/** What a handler is told beside the request. */
export interface From {
  /** The caller's address; empty where the runtime tells none. */
  readonly peer: string
}

type FetchHandler = (request: Request, from: From) => Response | Promise<Response>

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
  /** How the descriptors of the process are counted; a test counts otherwise. */
  readonly descriptors?: typeof readDescriptors
}

interface Running extends Listening {
  readonly stop: () => Promise<void>
  /** Where the runtime lets connections be closed. */
  readonly door?: Door
}

/**
 * Listens until the scope closes. Fails when the port is taken or not ours to take. Callers cannot take the descriptors that delivery
 * needs: under Bun see `keepReserve`; elsewhere there are only so many connections.
 */
export const listen = Effect.fnUntraced(function* (
  options: ServeOptions,
): Effect.fn.Return<Listening, ConfigError, Scope.Scope> {
  const running = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => (runtime === "bun" ? serveBun(options) : await serveElsewhere(options)),
      catch: (error) => refusal(options, error),
    }),
    ({ stop }) => Effect.promise(stop),
  )
  if (running.door !== undefined) yield* Effect.forkScoped(keepReserve(running.door, options.descriptors))
  return running
})

const serveBun = (options: ServeOptions): Running => {
  let server: Bun.Server<undefined> | undefined = openBun(options)
  /** Servers that were shut and may still have connections. */
  let leaving: Bun.Server<undefined>[] = []
  // Given up before the port is opened again: then there is a descriptor for it.
  let spare = openSpare()
  const port = server.port ?? options.port
  const door: Door = {
    closeIdle: () => void server?.closeIdleConnections(),
    shut: () => {
      if (server === undefined) return
      void server.stop(false)
      leaving.push(server)
      server = undefined
    },
    underWay: () => leaving.reduce((sum, left) => sum + left.pendingRequests, 0),
    cut: () => {
      for (const left of leaving) void left.stop(true)
      leaving = []
    },
    open: () => {
      if (server !== undefined) return
      if (spare !== undefined) closeSync(spare)
      try {
        server = openBun({ ...options, port })
      } finally {
        spare = openSpare()
      }
    },
  }
  const stop = async () => {
    if (spare !== undefined) closeSync(spare)
    const all = server === undefined ? leaving : [server, ...leaving]
    for (const each of all) void each.stop(false)
    const late_ms = performance.now() + limits.answered_ms_max
    while (all.some(({ pendingRequests }) => pendingRequests > 0) && performance.now() < late_ms) await Bun.sleep(10)
    await Promise.all(all.map((each) => each.stop(true)))
  }
  return { hostname: options.hostname, port, stop, door }
}

/** `undefined` when there is none left. */
const openSpare = (): number | undefined => {
  try {
    return openSync("/dev/null", "r")
  } catch {
    return undefined
  }
}

const openBun = ({ hostname, port, fetch, idle_s = limits.idle_s_max }: ServeOptions): Bun.Server<undefined> =>
  Bun.serve({
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
        return await fetch(request, { peer: peerOf(request, self) })
      } finally {
        self.timeout(request, idle_s)
      }
    },
  })

const serveElsewhere = async ({
  hostname,
  port,
  fetch,
  idle_s = limits.idle_s_max,
  descriptors = readDescriptors,
}: ServeOptions): Promise<Running> => {
  const seen = descriptors()
  return {
    hostname,
    ...(await serveNode({
      hostname,
      port,
      fetch: (request, told) => fetch(request, { peer: peerOf(request, told) }),
      idle_s,
      answered_ms_max: limits.answered_ms_max,
      ...(seen !== undefined && { connections_max: seen.limit - reserveOf(seen.limit) }),
    })),
  }
}

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
