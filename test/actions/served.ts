/** The product as its callers meet it: a configuration file, a data folder, a socket, and the simulator behind it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { Effect, Exit, Layer, Logger, Scope } from "effect"
import { listen as listenSimulator } from "../../simulator/listen.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { Simulator } from "../../simulator/simulator.ts"
import type { ProblemBody } from "../../src/core/actions/problem.ts"
import type { ActionResponse } from "../../src/core/actions/response.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import { listen } from "../../src/core/http/server/listen.ts"
import type { AnyPlugin } from "../../src/core/plugin.ts"
import { layerFiles } from "../../src/core/store/files.ts"
import { redact } from "../../src/core/telemetry/redact.ts"
import { plugins as shipped } from "../../src/plugins/index.ts"
import { start as startAkonis } from "../../src/start.ts"
import { markStarted } from "../../src/worker.ts"

export const tokens = { reader: "reader-token-0001", responder: "responder-token-0001", admin: "admin-token-0001" }

export interface ServedOptions {
  readonly simulator?: SimulatorOptions
  readonly plugins?: readonly AnyPlugin[]
  readonly read_only?: boolean
  /** The block of the configuration. */
  readonly guards?: unknown
  readonly serves?: "all" | "health"
  /** Tokens lie in files. */
  readonly token_files?: boolean
  /** Ids of the tenants; one without a name by default. */
  readonly tenants?: readonly string[]
  /** Tokens of the roles that are for these tenants only. */
  readonly bound?: Partial<Record<keyof typeof tokens, readonly string[]>>
  readonly health_tenants?: boolean
  /** The block of the configuration. */
  readonly cluster?: unknown
  /** `false` leaves the plugins as they are before a worker has started them. */
  readonly started?: boolean
}

export interface Asking {
  readonly method?: string
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Told<Body> {
  readonly status: number
  readonly headers: Headers
  readonly type: string | null
  readonly text: string
  readonly body: Body
}

export interface Served {
  readonly url: string
  /** The app itself, without a socket. */
  readonly fetch: (request: Request) => Response | Promise<Response>
  readonly data_dir: string
  readonly simulator: Simulator
  /** Everything that was logged, as it would be printed. */
  readonly logs: readonly string[]
  /** A request; a body that is no string is sent as JSON. */
  readonly ask: <Body = Record<string, unknown>>(path: string, asking?: Asking) => Promise<Told<Body>>
  /** Runs an action as a responder. */
  readonly act: (slug: string, args: unknown, asking?: Asking) => Promise<Told<ActionResponse & ProblemBody>>
  readonly auditLines: () => Record<string, unknown>[]
  readonly file: (name: string) => string
  readonly writeFile: (name: string, text: string) => void
  /** Writes another token into the file of a role. */
  readonly replaceToken: (role: keyof typeof tokens, token: string) => void
  /** Ends the process and starts it again on the same folder. */
  readonly restart: () => Promise<void>
}

/** Starts it all, runs `body`, and takes it down again. */
export const withServed = async (options: ServedOptions, body: (served: Served) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-served-`)
  const sim = listenSimulator({ partitions: 1, templates: 8, events_per_partition: 1, ...options.simulator })
  const logs: string[] = []
  let running = await start(folder, sim.url, sim.simulator, options, logs)
  const ask: Served["ask"] = async (path, { method = "GET", token, body, headers = {} } = {}) => {
    const is_text = typeof body === "string"
    const answer = await fetch(running.url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: is_text ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    const type = answer.headers.get("content-type")
    return {
      status: answer.status,
      headers: answer.headers,
      type,
      text,
      body: (type ?? "").includes("json") ? JSON.parse(text) : undefined,
    }
  }
  const served: Served = {
    get url() {
      return running.url
    },
    fetch: (request) => running.fetch(request),
    data_dir: `${folder}/data`,
    simulator: sim.simulator,
    logs,
    ask,
    act: (slug, args, asking) =>
      ask(`/actions/${slug}`, { method: "POST", token: tokens.responder, body: args, ...asking }),
    auditLines: () =>
      readFileSync(`${folder}/data/audit.ndjson`, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    file: (name) => readFileSync(`${folder}/data/${name}`, "utf8"),
    writeFile: (name, text) => writeFileSync(`${folder}/data/${name}`, text),
    replaceToken: (role, token) => writeFileSync(`${folder}/${role}-token`, token),
    restart: async () => {
      await running.stop()
      running = await start(folder, sim.url, sim.simulator, options, logs)
    },
  }
  try {
    await body(served)
  } finally {
    await running.stop()
    await sim.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const start = async (folder: string, url: string, { settings }: Simulator, options: ServedOptions, logs: string[]) => {
  const { plugins = shipped.filter(({ id }) => id !== "event-stream"), read_only = false, tenants } = options
  const config_file = `${folder}/akonis.yaml`
  for (const [role, token] of Object.entries(tokens)) writeFileSync(`${folder}/${role}-token`, token)
  writeFileSync(
    config_file,
    JSON.stringify({
      client_id: settings.client_id,
      client_secret: settings.client_secret,
      base_url: url,
      data_dir: `${folder}/data`,
      server: {
        port: 0,
        read_only,
        ...(options.health_tenants !== undefined && { health_tenants: options.health_tenants }),
        tokens: Object.entries(tokens).map(([role, token]) => ({
          name: `${role}-1`,
          role,
          ...(options.bound?.[role as keyof typeof tokens] !== undefined && {
            tenants: options.bound[role as keyof typeof tokens],
          }),
          ...(options.token_files === true ? { token_file: `${folder}/${role}-token` } : { token }),
        })),
      },
      ...(options.cluster !== undefined && { cluster: options.cluster }),
      ...(options.guards !== undefined && { guards: options.guards }),
      ...(tenants !== undefined && { tenants: tenants.map((id) => ({ id })) }),
    }),
  )
  const scope = Scope.makeUnsafe()
  const logger = Logger.make((line) => void logs.push(redact(Logger.formatJson.log(line))))
  const at = await Effect.gen(function* () {
    const config = yield* loadConfig({ file: config_file, env: {}, plugins })
    const { tenants: running, app } = yield* startAkonis(config, {
      env: {},
      mode: options.serves === "health" ? "worker" : "serve",
    })
    if (options.started !== false) yield* markStarted(running)
    return { fetch: app.fetch, ...(yield* listen({ hostname: "127.0.0.1", port: 0, fetch: app.fetch })) }
  }).pipe(
    Effect.provideService(Scope.Scope, scope),
    Effect.provide(Layer.mergeAll(layerFiles, Logger.layer([logger]))),
    Effect.runPromise,
  )
  return {
    url: `http://127.0.0.1:${at.port}`,
    fetch: (request: Request) => at.fetch(request),
    stop: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
