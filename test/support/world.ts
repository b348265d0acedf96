/**
 * The real plugin on a virtual clock: the worker's code against the simulator in process, with nothing swapped but the
 * network's wire and time. Hours pass in milliseconds.
 */
import { Clock, Duration, Effect, Fiber, Layer, type Scope } from "effect"
import { TestClock } from "effect/testing"
import type { SimClock } from "../../simulator/clock.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { makeSimulator, type Simulator } from "../../simulator/simulator.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import { TransportError } from "../../src/core/errors.ts"
import { Http } from "../../src/core/http/client/http.ts"
import { server } from "../../src/core/http/server/limits.ts"
import type { AnyPlugin } from "../../src/core/plugin.ts"
import { Health, type Report } from "../../src/core/telemetry/health.ts"
import type { RunningTenant } from "../../src/core/tenant/boot.ts"
import { layerTenant } from "../../src/core/tenant/services.ts"
import { plugins } from "../../src/plugins/index.ts"
import { runWorker } from "../../src/worker.ts"
import { type MemoryDisk, makeMemoryDisk } from "./memory-disk.ts"

const data_dir = "data"
const base_url = "http://falcon.test"

export interface World {
  readonly simulator: Simulator
  readonly disk: MemoryDisk
  /** Lets time pass, in steps small enough that everything that becomes due happens in order. */
  readonly pass: (ms: number, step_ms?: number) => Effect.Effect<void>
  /** Starts the worker; the fiber is its process. */
  readonly start: Start
  /** Starts the worker with a configuration file of this content. */
  readonly startWith: (yaml: string) => Start
  /** The tenant of the worker started last, as the HTTP API takes it. */
  readonly tenant: () => RunningTenant
  /** The health report of the worker started last. */
  readonly health: Effect.Effect<{ readonly ready: boolean; readonly plugins: Readonly<Record<string, Report>> }>
}

type Start = Effect.Effect<Fiber.Fiber<void, unknown>, unknown, Scope.Scope>

/** Stands between the worker and the simulator: may answer in its place, or change what it answers. */
export type Between = (request: Request, simulator: (request: Request) => Promise<Response>) => Promise<Response>

/** Makes a world. `env` adds to the worker's environment, `more_plugins` to those that ship. */
export const makeWorld = Effect.fnUntraced(function* (
  options: SimulatorOptions,
  env: Readonly<Record<string, string>> = {},
  between: Between = (request, simulator) => simulator(request),
  more_plugins: readonly AnyPlugin[] = [],
) {
  const clock = yield* Clock.Clock
  yield* TestClock.setTime(Date.UTC(2026, 0, 15))
  const disk = makeMemoryDisk()
  const simulator = yield* Effect.acquireRelease(
    Effect.sync(() => makeSimulator({ base_url, templates: 64, ...options }, simClock(clock))),
    (made) => Effect.sync(made.close),
  )
  const wire = layerWire((request) => between(request, async (given) => simulator.fetch(given)))
  let running: RunningTenant | undefined

  const startWith = Effect.fnUntraced(function* (yaml: string) {
    const file = "akonis.yaml"
    disk.write(file, yaml)
    const { client_id, client_secret, intake_key } = simulator.settings
    const config = yield* loadConfig({
      file,
      env: {
        FALCON_BASE_URL: base_url,
        FALCON_CLIENT_ID: client_id,
        FALCON_CLIENT_SECRET: client_secret,
        SEKOIA_INTAKE_URL: base_url,
        SEKOIA_INTAKE_KEY: intake_key,
        AKONIS_DATA_DIR: data_dir,
        ...env,
      },
      plugins: [...plugins, ...more_plugins],
    })
    const [tenant] = config.tenants
    const services = yield* Layer.build(layerTenant(tenant!).pipe(Layer.provide(wire)))
    running = { id: tenant!.id, plugins: tenant!.plugins, services }
    const process = yield* Effect.forkDetach(runWorker([running]))
    yield* Effect.addFinalizer(() => stop(process))
    return process
  }, Effect.provide(disk.layer))

  const health = Effect.suspend(() =>
    Effect.provide(
      Health.use((own) => own.report),
      running!.services,
    ),
  )

  return { simulator, disk, pass, start: startWith(""), startWith, tenant: () => running!, health } satisfies World
})

/** Tells the worker to stop and lets the time pass that it may need to drain. */
export const stop = Effect.fnUntraced(function* (process: Fiber.Fiber<void, unknown>) {
  const stopping = yield* Effect.forkDetach(Fiber.interrupt(process))
  yield* pass(server.drain_ms_max + 1_000, 500)
  yield* Fiber.await(stopping)
})

export const simClock = (clock: Clock.Clock): SimClock => ({
  now: () => clock.currentTimeMillisUnsafe(),
  sleep: (ms, signal) =>
    Effect.runPromiseExit(clock.sleep(Duration.millis(ms)), signal === undefined ? {} : { signal }).then(
      () => undefined,
    ),
})

/** Lets everything that is ready run: promises of the simulator hop several times before they reach the worker. */
const settle = Effect.promise(async () => {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve))
})

export const pass = (ms: number, step_ms = 250): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let left = ms; left > 0; left -= step_ms) {
      yield* settle
      yield* TestClock.adjust(Math.min(step_ms, left))
    }
    yield* settle
  })

/** `Http` whose other end is the simulator's `fetch`, or what stands before it. */
export const layerWire = (answer: (request: Request) => Promise<Response>): Layer.Layer<Http> => {
  const connect = (request: Parameters<Http["Service"]["open"]>[0]) =>
    Effect.gen(function* () {
      const ended = yield* Effect.acquireRelease(
        Effect.sync(() => new AbortController()),
        (controller) => Effect.sync(() => controller.abort()),
      )
      return yield* Effect.tryPromise({
        try: () =>
          answer(
            new Request(request.url, {
              method: request.method,
              headers: { ...request.headers },
              body: (request.body ?? null) as BodyInit | null,
              signal: ended.signal,
            }),
          ),
        catch: (error) => broken("reset", String(error)),
      }).pipe(
        Effect.timeoutOrElse({
          duration: request.timeout_ms,
          orElse: () => Effect.fail(broken("timeout", `no answer within ${request.timeout_ms} ms`)),
        }),
      )
    })
  return Layer.succeed(Http, {
    open: connect,
    send: (request) =>
      Effect.gen(function* () {
        const response = yield* connect(request)
        const text = yield* Effect.tryPromise({
          try: () => response.text(),
          catch: (error) => broken("reset", String(error)),
        })
        return { status: response.status, headers: response.headers, text }
      }).pipe(Effect.scoped),
  })
}

const broken = (reason: TransportError["reason"], message: string) =>
  new TransportError({ reason, host: "falcon.test", message })
