/**
 * The whole product but for sockets: configuration, tenant, HTTP API, against the simulator in process. Time is virtual and
 * passes by itself.
 */

import { Effect, Layer } from "effect"
import type { ApiRequest, ApiState } from "../../simulator/api/state.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { Simulator } from "../../simulator/simulator.ts"
import { openHttpApp } from "../../src/api/app.ts"
import type { ProblemBody } from "../../src/core/actions/problem.ts"
import type { ActionResponse } from "../../src/core/actions/response.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import { loadCallers } from "../../src/core/http/server/bearer.ts"
import { layerTenant } from "../../src/core/tenant/services.ts"
import { layerWire } from "../../src/outside/rig.ts"
import { plugins } from "../../src/plugins/index.ts"
import { markStarted } from "../../src/worker.ts"
import { makeMemoryDisk } from "../support/memory-disk.ts"
import { base_url, withSimulator } from "./support.ts"

const token = "responder-token-0001"

export interface Said {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: ActionResponse & ProblemBody
}

export interface App {
  readonly simulator: Simulator
  readonly fetch: (request: Request) => Promise<Response>
  /** `POST /actions/<name>`; `query` begins with a question mark. */
  readonly act: (name: string, args: unknown, query?: string) => Promise<Said>
  /** What the simulator's API remembers. */
  readonly api: () => Promise<ApiState>
  /** Calls of the API, tokens left out, since `from`. */
  readonly calls: (from?: number) => Promise<readonly ApiRequest[]>
  /** Lines of the audit log. */
  readonly audit: () => readonly Record<string, unknown>[]
}

/** Starts it all, runs `body`, and takes it down again. */
export const withApp = <A>(
  options: SimulatorOptions,
  body: (app: App) => Promise<A>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<A> =>
  withSimulator({ partitions: 1, templates: 1, events_per_partition: 1, ...options }, (simulator) => {
    const disk = makeMemoryDisk()
    return Effect.provide(
      Effect.gen(function* () {
        const fetch = yield* start(simulator, disk.write, more)
        const api = async () => {
          const answer = await simulator.fetch(new Request(`${base_url}/_sim/api`))
          return (await answer.json()) as ApiState
        }
        return yield* Effect.promise(() =>
          body({
            simulator,
            fetch,
            act: async (name, args, query = "") => {
              const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
              const url = `http://akonis.test/actions/${name}${query}`
              const answer = await fetch(new Request(url, { method: "POST", headers, body: JSON.stringify(args) }))
              const text = await answer.text()
              return { status: answer.status, headers: answer.headers, text, body: JSON.parse(text) }
            },
            api,
            calls: async (from = 0) => (await api()).requests.slice(from),
            audit: () =>
              (disk.read("data/audit.ndjson") ?? "")
                .split("\n")
                .filter((line) => line !== "")
                .map((line) => JSON.parse(line) as Record<string, unknown>),
          }),
        )
      }),
      disk.layer,
    )
  })

const start = Effect.fnUntraced(function* (
  simulator: Simulator,
  write: (path: string, text: string) => void,
  more: Readonly<Record<string, unknown>>,
) {
  const { client_id, client_secret } = simulator.settings
  const file = "akonis.yaml"
  const server = { tokens: [{ name: "soc", token, role: "responder" }] }
  write(file, JSON.stringify({ client_id, client_secret, base_url, data_dir: "data", server, ...more }))
  const acting = plugins.filter(({ actions }) => actions.length > 0)
  const config = yield* loadConfig({ file, env: {}, plugins: acting })
  const [tenant] = config.tenants
  const services = yield* Layer.build(layerTenant(tenant!).pipe(Layer.provide(layerWire(simulator))))
  const running = [{ id: tenant!.id, plugins: tenant!.plugins, services }]
  const { callers } = yield* loadCallers(config.source, config.data_dir, config.server)
  yield* markStarted(running)
  const app = yield* openHttpApp({ tenants: running, callers, started_ms: 0, guards: config.guards })
  return async (request: Request) => app.fetch(request)
})
