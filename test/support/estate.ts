/**
 * Several tenants in one process on a virtual clock: the worker's code against an estate of the simulator in process, with the pools, the token
 * rates and the memory that tenants share.
 */
import { Clock, Effect, Layer, PlatformError } from "effect"
import { TestClock } from "effect/testing"
import { type Estate, makeEstate } from "../../simulator/estate.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import { type BatchMemory, makeBatchMemory, SharedBatchMemory } from "../../src/core/delivery/batch-memory.ts"
import { makeTokenRates, TokenRates } from "../../src/core/falcon/token-rates.ts"
import { Http } from "../../src/core/http/client/http.ts"
import { inPools, makeProcessPlaces } from "../../src/core/http/client/pools.ts"
import { Health, type Report } from "../../src/core/telemetry/health.ts"
import { openTenants } from "../../src/core/tenant/boot.ts"
import { plugins } from "../../src/plugins/index.ts"
import { runWorker } from "../../src/worker.ts"
import { makeMemoryDisk } from "./memory-disk.ts"
import { layerWire, pass, simClock, stop } from "./world.ts"

const base_url = "http://falcon.test"

/** The customer id of the n-th tenant, from 0. */
const cidOf = (n: number): string => (n + 1).toString(16).padStart(32, "0")

export interface EstateOptions {
  /** Options of each tenant's own simulator, in the order of the tenants `t0`, `t1` and so on. */
  readonly own: readonly Record<string, unknown>[]
  /** Options of all. */
  readonly all?: SimulatorOptions
  /** Keys of the plugin `event-stream` of every tenant. */
  readonly stream?: Readonly<Record<string, unknown>>
  readonly memory?: BatchMemory
}

/** Runs the worker over tenants until the scope ends. */
export const runEstate = Effect.fnUntraced(function* ({ own, all = {}, stream = {}, memory }: EstateOptions) {
  const clock = yield* Clock.Clock
  yield* TestClock.setTime(Date.UTC(2026, 0, 15))
  /** Tenants whose folder takes nothing more. */
  const full = new Set<string>()
  const disk = makeMemoryDisk((method, path, call) => {
    const is_full = [...full].some((tenant) => path.includes(`/${tenant}/`))
    const refused = PlatformError.systemError({
      _tag: "WriteZero",
      module: "FileSystem",
      method,
      pathOrDescriptor: path,
    })
    return is_full && method !== "read" ? (Effect.fail(refused) as unknown as typeof call) : call
  })
  const children = own.map((options, n) => ({ cid: cidOf(n), own: options }))
  const estate: Estate = makeEstate({ base_url, templates: 16, ...all, children }, simClock(clock))
  yield* Effect.addFinalizer(() => Effect.sync(estate.close))
  /** The tenants in whose name the intake was asked, post by post; a post that hangs counts too. */
  const posts: string[] = []
  const wire = layerWire(async (request) => {
    if (!request.url.endsWith("/batch")) return estate.fetch(request)
    const text = await request.text()
    const cid = /simulated-intake-key-([0-9a-f]+)/.exec(text)?.[1] ?? ""
    posts.push(`t${Number.parseInt(cid, 16) - 1}`)
    const { url, method, headers, signal } = request
    return estate.fetch(new Request(url, { method, headers, signal, body: text }))
  })
  const shared = makeProcessPlaces()
  const pooled = Layer.effect(
    Http,
    Http.useSync((door) => inPools(door, { tenants: own.length, shared })),
  ).pipe(Layer.provide(wire))
  const network = Layer.mergeAll(
    pooled,
    Layer.succeed(TokenRates, makeTokenRates()),
    Layer.succeed(SharedBatchMemory, memory ?? makeBatchMemory()),
  )
  const tenants = children.map(({ cid }, n) => ({
    id: `t${n}`,
    member_cid: cid,
    plugins: { "event-stream": { intake_url: base_url, intake_key: `simulated-intake-key-${cid}`, ...stream } },
  }))
  const config = yield* loadConfig({
    given: {
      source: "test",
      tree: {
        base_url,
        client_id: estate.settings.client_id,
        client_secret: estate.settings.client_secret,
        plugins: { only: ["event-stream"] },
        tenants,
      },
    },
    env: {},
    plugins,
  })
  const running = yield* openTenants(config, network).pipe(Effect.provide(disk.layer))
  const worker = yield* Effect.forkDetach(runWorker(running))
  yield* Effect.addFinalizer(() => stop(worker))
  /** What health says of the stream of a tenant. */
  const health = (n: number): Effect.Effect<Report> =>
    Health.use((own_health) => own_health.report).pipe(
      Effect.provide(running[n]!.services),
      Effect.map(({ plugins: reports }) => reports["event-stream"]!),
    )
  const delivered = (n: number): number => estate.below.get(cidOf(n))!.account().total.delivered
  return { estate, full, pass, posts, health, delivered }
})
