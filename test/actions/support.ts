/**
 * Actions as they run: their own handlers and the real Falcon client, against the simulator in process. Time is virtual and
 * passes by itself, so that minutes of waiting take milliseconds.
 */
import { Clock, Duration, Effect, Fiber, type FileSystem, Layer, Redacted, type Scope } from "effect"
import { TestClock } from "effect/testing"
import type { z } from "zod"
import type { ApiRequest, ApiState } from "../../simulator/api/state.ts"
import type { SimClock } from "../../simulator/clock.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { makeSimulator, type Simulator } from "../../simulator/simulator.ts"
import type { Action, ActionServices, ArgumentError, Outcome, Shape } from "../../src/core/actions/action.ts"
import { type PlannedRequest, planned } from "../../src/core/actions/dry-run.ts"
import type { FalconAuth } from "../../src/core/falcon/auth.ts"
import type { FalconError } from "../../src/core/falcon/errors.ts"
import { layerFalcon } from "../../src/core/falcon/layer.ts"
import { Tenant } from "../../src/core/tenant/identity.ts"
import { layerWire } from "../../src/outside/rig.ts"
import { silent } from "../support/effect.ts"
import { makeMemoryDisk } from "../support/memory-disk.ts"

export const base_url = "http://falcon.test"

/** Virtual time that passes at once, and how much of it a test may take. */
const step_ms = 250
const steps_max = 40_000

/** Runs `body` with a simulator while virtual time passes by itself. */
export const withSimulator = <A, E>(
  options: SimulatorOptions,
  body: (simulator: Simulator) => Effect.Effect<A, E, Scope.Scope>,
): Promise<A> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    yield* TestClock.setTime(Date.UTC(2026, 0, 15))
    const simulator = yield* Effect.acquireRelease(
      Effect.sync(() => makeSimulator({ base_url, templates: 8, ...options }, simClock(clock))),
      (made) => Effect.sync(made.close),
    )
    const fiber = yield* Effect.forkChild(Effect.scoped(body(simulator)))
    for (let step = 0; fiber.pollUnsafe() === undefined; step++) {
      if (step === steps_max) throw new Error(`not done after ${(steps_max * step_ms) / 1000} s of virtual time`)
      yield* settle
      yield* TestClock.adjust(step_ms)
    }
    return yield* Fiber.join(fiber)
  }).pipe(Effect.scoped, Effect.provide([TestClock.layer(), silent]), Effect.runPromise)

/** Runs `body` with the services that an action may ask for, while time passes. */
export const withFalcon = <A, E>(
  options: SimulatorOptions,
  body: (
    simulator: Simulator,
  ) => Effect.Effect<A, E, ActionServices | FalconAuth | FileSystem.FileSystem | Scope.Scope>,
): Promise<A> =>
  withSimulator(options, (simulator) => {
    const { client_id, client_secret } = simulator.settings
    const falcon = layerFalcon({ base_url, client_id, client_secret: Effect.succeed(Redacted.make(client_secret)) })
    const services = Layer.mergeAll(
      falcon.pipe(Layer.provide(layerWire(simulator))),
      Layer.succeed(Tenant, { id: "default", data_dir: "data" }),
      makeMemoryDisk().layer,
    )
    return Effect.provide(body(simulator), services)
  })

type Ran<A> = Effect.Effect<A, FalconError | ArgumentError, ActionServices>

/** Runs an action with arguments as a caller writes them. */
export const act = <S extends Shape>(action: Action<S>, args: z.input<z.ZodObject<S>>): Ran<Outcome> =>
  Effect.suspend(() => action.run(action.arguments.parse(args)))

/** How an action fails. */
export const failureOf = <S extends Shape>(action: Action<S>, args: z.input<z.ZodObject<S>>) =>
  Effect.flip(act(action, args))

/** The requests that an action would send. */
export const dryRun = <S extends Shape>(
  action: Action<S>,
  args: z.input<z.ZodObject<S>>,
): Effect.Effect<readonly PlannedRequest[], FalconError | ArgumentError, ActionServices | FalconAuth> =>
  planned(act(action, args)) as Effect.Effect<
    readonly PlannedRequest[],
    FalconError | ArgumentError,
    ActionServices | FalconAuth
  >

/** What the simulator's API remembers. */
export const apiState = (simulator: Simulator): Effect.Effect<ApiState> =>
  Effect.promise(async () => {
    const answer = await simulator.fetch(new Request(`${base_url}/_sim/api`))
    return (await answer.json()) as ApiState
  })

/** The calls that reached the API, oldest first. */
export const callsOf = (simulator: Simulator): Effect.Effect<readonly ApiRequest[]> =>
  Effect.map(apiState(simulator), (state) => state.requests)

/** Where requests departed from what Falcon documents. */
export const violationsOf = (simulator: Simulator): readonly string[] =>
  simulator.account().violations.map(({ what }) => what)

/** So many ids that no host, alert or policy has. */
export const madeUpIds = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => index.toString(16).padStart(32, "0"))

/** One fault on the API. */
export const faultOn = (path: string, deed: unknown, more: Record<string, unknown> = {}) =>
  ({ on: "api", path, do: deed, ...more }) as NonNullable<SimulatorOptions["faults"]>[number]

const simClock = (clock: Clock.Clock): SimClock => ({
  now: () => clock.currentTimeMillisUnsafe(),
  sleep: (ms, signal) =>
    Effect.runPromiseExit(clock.sleep(Duration.millis(ms)), signal === undefined ? {} : { signal }).then(
      () => undefined,
    ),
})

/** Lets everything that is ready run: promises of the simulator hop several times before they reach the client. */
const settle = Effect.promise(async () => {
  for (let hop = 0; hop < 6; hop++) await new Promise((resolve) => setImmediate(resolve))
})
