import { live_clock } from "./clock.ts"
import { ConnectionReset } from "./context.ts"
import { type Estate, makeEstate } from "./estate.ts"
import type { SimulatorOptions } from "./options.ts"
import type { SimulatorParts } from "./simulator.ts"

/** Where to listen. */
export interface ListenOptions extends SimulatorOptions {
  /** 0 for any free port. */
  port?: number | undefined
  host?: string | undefined
}

/** A simulator behind a socket. */
export interface Listening {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string
  readonly simulator: Estate
  /** Closes the socket and all connections: new ones are refused until `resume`. */
  pause(): Promise<void>
  /** Opens the same port again. */
  resume(): void
  stop(): Promise<void>
}

/** Listens with whatever the runtime brings: Bun's own server, or `node:http`. */
export async function listenAnywhere(options: ListenOptions = {}): Promise<Listening> {
  if ("Bun" in globalThis) return listen(options)
  const { listenNode } = await import("./listen-node.ts")
  return listenNode(options)
}

/** Serves a simulator over HTTP, on the live clock; under Bun only. */
export function listen(options: ListenOptions = {}, parts: SimulatorParts = {}): Listening {
  const { port = 0, host = "127.0.0.1", ...rest } = options
  const simulator = makeEstate(rest, live_clock, { ...parts, over_sockets: true })
  const serve = (at: number) =>
    Bun.serve({
      port: at,
      hostname: host,
      idleTimeout: 0,
      development: false,
      reusePort: false,
      maxRequestBodySize: 256 * 1024 * 1024,
      fetch: async (request) => {
        try {
          return await simulator.fetch(request)
        } catch (error) {
          if (error instanceof ConnectionReset) return brokenAnswer()
          throw error
        }
      },
    })
  const server = serve(port)
  return listening(simulator, host, { server, port: server.port ?? port, serve, close: (open) => open.stop(true) })
}

/** A simulator and the server in front of it, which a pause closes and `serve` opens again. */
export const listening = <Server>(
  simulator: Estate,
  host: string,
  {
    server,
    port,
    serve,
    close,
  }: {
    readonly server: Server
    readonly port: number
    readonly serve: (port: number) => Server
    readonly close: (server: Server) => Promise<void>
  },
): Listening => {
  let open: Server | undefined = server
  const pause = async () => {
    const closing = open
    open = undefined
    if (closing !== undefined) await close(closing)
  }
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    simulator,
    pause,
    resume: () => {
      open ??= serve(port)
    },
    stop: async () => {
      simulator.close()
      await pause()
    },
  }
}

/** Bun resets the connection before it sent anything when a body fails at its first pull. */
function brokenAnswer(): Response {
  return new Response(new ReadableStream({ pull: (controller) => controller.error(undefined) }, { highWaterMark: 0 }))
}
