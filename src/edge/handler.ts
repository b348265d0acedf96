/**
 * The actions as a `fetch` handler. Places at the edge take everything away between two requests and forbid that one request waits for
 * what another has begun, so services are made for each request; what outlives it is plain data: the token, keys, audit lines that wait.
 */
import { Effect, Exit, FileSystem, Layer, Logger, References } from "effect"
import { type Config, loadConfig } from "../core/config/load.ts"
import { ConfigError } from "../core/errors.ts"
import { TokenMemory } from "../core/falcon/auth.ts"
import { checkCallers } from "../core/http/server/bearer.ts"
import type { AnyPlugin } from "../core/plugin.ts"
import { redact } from "../core/telemetry/redact.ts"
import { layerTenant } from "../core/tenant/services.ts"
import { version } from "../version.ts"
import { makeEdgeApp, type Remembered } from "./app.ts"
import type { TakeLine } from "./audit.ts"
import { layerEdgeNetwork } from "./network.ts"
import { type KeyValueStore, makeMemoryStore } from "./store.ts"

export interface EdgeOptions {
  /** What `akonis.yaml` would hold. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Variables by the names of `docs/reference/configuration.md`; a Worker's `env` as it is: what is no text is passed over. */
  readonly env?: Readonly<Record<string, unknown>>
  /**
   * Gets the audit log, line by line; nothing is changed while it rejects. A change has two lines of one `request_id`: before, with the
   * outcome `unknown`, and after. Where only the first one came, the place was taken away, and nobody knows.
   */
  readonly audit: TakeLine
  /** Where idempotency keys are kept; in memory, for as long as that is left, when not given. */
  readonly store?: KeyValueStore
  /** Gets log lines as JSON. */
  readonly log: (line: string) => void
}

/** `context`: what a Worker is told beside the request; with it an action ends, and is audited, when its caller has gone. */
export type Handler = (
  request: Request,
  context?: { readonly waitUntil?: (pending: Promise<unknown>) => void },
) => Promise<Response>

export const makeHandler = (plugins: readonly AnyPlugin[], options: EdgeOptions): Handler => {
  const logger = Logger.make((entry) => options.log(redact(Logger.formatJson.log(entry))))
  const config = read(plugins, options)
  const remembered: Remembered = {
    store: options.store ?? makeMemoryStore(),
    running: new Set(),
    unwritten: [],
    tokens: new Map(),
  }
  const services = Layer.mergeAll(no_disk, Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Info"))
  return (request, context) => {
    const answering = answer(request, config, remembered, options.audit).pipe(
      Effect.provide(services),
      Effect.runPromise,
    )
    context?.waitUntil?.(answering)
    return answering
  }
}

/** Nothing is there, and nothing can be written. Folders can be made, since whoever makes one says nothing of a file. */
const no_disk = FileSystem.layerNoop({ makeDirectory: () => Effect.void })

const read = (plugins: readonly AnyPlugin[], { settings = {}, env = {} }: EdgeOptions): Config => {
  const source = "settings"
  const texts = Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === "string")
  const reading = Effect.gen(function* () {
    const config = yield* loadConfig({ given: { source, tree: settings }, env: Object.fromEntries(texts), plugins })
    const { server, guards } = config
    if (server.tokens.length === 0) {
      const message = "there is no folder to keep a token in: configure server.tokens or AKONIS_TOKEN"
      return yield* new ConfigError({ source, key: "server.tokens", message })
    }
    yield* checkCallers(source, server.tokens)
    for (const key of ["hosts_per_hour_max", "approval"] as const) {
      const value = guards[key]
      if (value === undefined || (Array.isArray(value) && value.length === 0)) continue
      const message = "needs a data folder, to count and to wait across requests, and there is none at the edge"
      return yield* new ConfigError({ source, key: `guards.${key}`, message })
    }
    return config
  })
  const exit = Effect.runSyncExit(Effect.provide(reading, no_disk))
  if (Exit.isSuccess(exit)) return exit.value
  throw Exit.findErrorOption(exit).pipe((error) => (error._tag === "Some" ? error.value : exit.cause))
}

const answer = Effect.fnUntraced(function* (request: Request, config: Config, remembered: Remembered, take: TakeLine) {
  const network = layerEdgeNetwork(`akonis/${version}`)
  const tenants = yield* Effect.forEach(config.tenants, (tenant) => {
    const token = remembered.tokens.get(tenant.id) ?? {}
    remembered.tokens.set(tenant.id, token)
    return layerTenant(tenant).pipe(
      Layer.provide(network),
      Layer.build,
      Effect.provideService(TokenMemory, token),
      Effect.map((services) => ({ id: tenant.id, plugins: tenant.plugins, services })),
    )
  })
  const app = yield* makeEdgeApp(config, tenants, remembered, take)
  return yield* Effect.promise(async () => app.fetch(request))
}, Effect.scoped)
