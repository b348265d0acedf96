/**
 * A plugin in a whole Akonis but for sockets, in front of a simulated Falcon tenant: for its tests and for `akonis plugin
 * check`. Time is virtual and passes by itself, so that minutes of waiting take milliseconds.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { Clock, Duration, Effect, Fiber, Layer, Logger, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { z } from "zod"
import type { ApiState } from "../../simulator/api/state.ts"
import { makeSimulator, type Simulator } from "../../simulator/simulator.ts"
import { openHttpApp } from "../api/app.ts"
import { loadConfig } from "../core/config/load.ts"
import { TransportError } from "../core/errors.ts"
import { Http } from "../core/http/client/http.ts"
import { loadCallers } from "../core/http/server/bearer.ts"
import { type AnyPlugin, definePlugin } from "../core/plugin.ts"
import { layerFiles } from "../core/store/files.ts"
import { Health, type Report } from "../core/telemetry/health.ts"
import type { RunningTenant } from "../core/tenant/boot.ts"
import { layerTenant } from "../core/tenant/services.ts"
import { markStarted, runWorker } from "../worker.ts"
import { rig as bounds } from "./limits.ts"

/** Answers a call in Falcon's place; `undefined` leaves it to the simulator. */
export type InFalconsPlace = (request: Request) => Response | undefined | Promise<Response | undefined>

export interface RigOptions {
  /** The keys below `plugins.<id>`. */
  readonly config: Readonly<Record<string, unknown>>
  readonly falcon?: InFalconsPlace | undefined
  readonly read_only?: boolean
  /** Scopes that the simulated API client has; all when left out. */
  readonly api_scopes?: readonly string[]
}

export interface Rig {
  readonly simulator: Simulator
  readonly tenant: RunningTenant
  readonly act: (
    slug: string,
    args: unknown,
    query?: string,
  ) => Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>
  /** Calls of Falcon's API, tokens left out. */
  readonly calls: () => Promise<ApiState["requests"]>
  readonly api: () => Promise<ApiState>
  readonly health: Effect.Effect<Report | undefined>
  /** Starts the background work; interrupting the fiber stops it. */
  readonly start: Effect.Effect<Fiber.Fiber<void, unknown>>
}

/** An enricher is refused where no plugin has a stream that it could add to. */
const stream = definePlugin({
  id: "simulated-stream",
  title: "Stands for a plugin with a stream.",
  enabled_by_default: true,
  config: z.strictObject({}),
  destination: () => Effect.die(new Error("nothing is posted")),
})

const base_url = "http://falcon.test"
const token = "token-of-the-simulated-caller"

/** Starts Akonis with this plugin and no other, runs `body`, and takes it down again. Rejects when `body` fails or time runs out. */
export const withRig = <A>(
  plugin: AnyPlugin,
  options: RigOptions,
  body: (rig: Rig) => Effect.Effect<A, unknown, Scope.Scope>,
): Promise<A> =>
  passingTime(
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(`${tmpdir()}/akonis-plugin-`)),
        (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
      )
      const simulator = yield* simulated(options)
      const { client_id, client_secret } = simulator.settings
      const server = { read_only: options.read_only ?? false, tokens: [{ name: "check", token, role: "responder" }] }
      const plugins = { [plugin.id]: { enabled: true, ...options.config } }
      const settings = { client_id, client_secret, base_url, data_dir: `${folder}/data`, server, plugins }
      writeFileSync(`${folder}/akonis.yaml`, JSON.stringify(settings))
      const config = yield* loadConfig({ file: `${folder}/akonis.yaml`, env: {}, plugins: [plugin, stream] })
      const [own] = config.tenants
      const services = yield* Layer.build(layerTenant(own!).pipe(Layer.provide(layerWire(simulator, options.falcon))))
      const tenant: RunningTenant = {
        id: own!.id,
        plugins: own!.plugins.filter((one) => one.plugin.id === plugin.id),
        services,
      }
      yield* markStarted([tenant])
      const { callers } = yield* loadCallers(config.source, config.data_dir, config.server)
      const app = yield* openHttpApp({ tenants: [tenant], callers, started_ms: 0, read_only: config.server.read_only })
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
      const api = async () => (await (await simulator.fetch(new Request(`${base_url}/_sim/api`))).json()) as ApiState
      return yield* body({
        simulator,
        tenant,
        api,
        calls: async () => (await api()).requests,
        health: Effect.map(
          Effect.provide(
            Health.use((own) => own.report),
            services,
          ),
          (report) => report.plugins[plugin.id],
        ),
        start: Effect.forkDetach(runWorker([tenant])) as Effect.Effect<Fiber.Fiber<void, unknown>>,
        act: async (slug, args, query = "") => {
          const url = `http://localhost/actions/${slug}${query}`
          const answer = await app.fetch(new Request(url, { method: "POST", headers, body: JSON.stringify(args) }))
          return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
        },
      })
    }).pipe(Effect.provide(layerFiles)),
  )

const simulated = Effect.fnUntraced(function* ({ api_scopes }: RigOptions) {
  const clock = yield* Clock.Clock
  const sim_clock = {
    now: () => clock.currentTimeMillisUnsafe(),
    sleep: (ms: number, signal?: AbortSignal) =>
      Effect.runPromiseExit(clock.sleep(Duration.millis(ms)), signal === undefined ? {} : { signal }).then(
        () => undefined,
      ),
  }
  const size = { partitions: 1, templates: 24, events_per_partition: 48 }
  const make = () => makeSimulator({ base_url, ...size, ...(api_scopes && { api_scopes: [...api_scopes] }) }, sim_clock)
  return yield* Effect.acquireRelease(Effect.sync(make), (made) => Effect.sync(made.close))
})

/** Runs an effect while virtual time passes by itself, a little of real time with it: a plugin may wait for a file or a socket. */
const passingTime = <A>(effect: Effect.Effect<A, unknown, Scope.Scope>): Promise<A> =>
  Effect.gen(function* () {
    yield* TestClock.setTime(Date.UTC(2026, 0, 15))
    const fiber = yield* Effect.forkChild(Effect.scoped(effect))
    for (let step = 0; fiber.pollUnsafe() === undefined; step++) {
      if (step === bounds.steps_max)
        throw new Error(`not done after ${(bounds.steps_max * bounds.step_ms) / 1_000} s of simulated time`)
      yield* settled
      yield* TestClock.adjust(bounds.step_ms)
    }
    return yield* Fiber.join(fiber)
  }).pipe(Effect.scoped, Effect.provide([TestClock.layer(), Logger.layer([])]), Effect.runPromise)

/** Lets everything that is ready run: an answer of the simulator hops several times before it reaches the client. */
const settled = Effect.promise(async () => {
  for (let hop = 0; hop < 6; hop++) await new Promise((resolve) => setImmediate(resolve))
})

/** `Http` whose other end is the simulator. */
export const layerWire = (simulator: Simulator, inPlace: InFalconsPlace = () => undefined): Layer.Layer<Http> =>
  Layer.succeed(Http, {
    open: () => Effect.die(new Error("this wire carries no stream")),
    send: (request) =>
      Effect.tryPromise({
        try: async (signal) => {
          const { method, headers, url, body = null } = request
          const sent = new Request(url, { method, headers: { ...headers }, body: body as BodyInit | null, signal })
          const is_token = new URL(url).pathname === "/oauth2/token"
          const response = (is_token ? undefined : await inPlace(sent.clone())) ?? (await simulator.fetch(sent))
          return { status: response.status, headers: response.headers, text: await response.text() }
        },
        catch: (error) => broken("reset", String(error)),
      }).pipe(
        Effect.timeoutOrElse({
          duration: request.timeout_ms,
          orElse: () => Effect.fail(broken("timeout", `no answer within ${request.timeout_ms} ms`)),
        }),
      ),
  })

const broken = (reason: TransportError["reason"], message: string) =>
  new TransportError({ reason, host: "falcon.test", message })
