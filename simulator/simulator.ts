import { Hono } from "hono"
import { type Account, Ledger } from "./account.ts"
import { type Emitted, emittedBy } from "./api/emitted.ts"
import { Inventory } from "./api/inventory.ts"
import { People } from "./api/people.ts"
import { apiRoutes } from "./api/routes.ts"
import { makeApiState } from "./api/state.ts"
import { assetRoutes } from "./asset-api.ts"
import { AssetLedger } from "./asset-ledger.ts"
import type { SimClock } from "./clock.ts"
import { type SimContext, wakeStreams } from "./context.ts"
import { addPartition, controlRoutes, snapshot } from "./control.ts"
import { makeTemplates } from "./events/catalogue.ts"
import type { EventTemplate } from "./events/template.ts"
import { falconRoutes } from "./falcon.ts"
import { FaultSchedule, type FaultState, fault_schema } from "./faults.ts"
import { intakeRoutes } from "./intake.ts"
import type { Latencies } from "./latencies.ts"
import { type Child, parseOptions, type SimulatorOptions, type SimulatorSettings } from "./options.ts"
import type { Tape } from "./tape.ts"
import { Tenant } from "./tenant.ts"

/** What may be put in the place of the usual parts. */
export interface SimulatorParts {
  /** Event shapes in place of those of the catalogue. */
  templates?: readonly EventTemplate[]
  /** A listening server carries the answers: broken connections are shown as it needs them. */
  over_sockets?: boolean
  /** The customers that Flight Control lists below it; may change. */
  children?: ReadonlyMap<string, Child>
  /** The tenant that counts requests per source address, where several share one. */
  address?: Tenant
}

/** A Falcon tenant and a Sekoia intake behind one `fetch`. */
export interface Simulator {
  readonly settings: SimulatorSettings
  /** Serves one request. Rejects with `ConnectionReset` where a fault closes the connection. */
  fetch(request: Request): Promise<Response>
  /** Everything it remembers, as plain data. */
  readonly state: ReturnType<typeof snapshot>
  /** The tapes of its partitions: what it sends, byte for byte. */
  readonly tapes: ReadonlyMap<number, Tape>
  account(): Account
  /** How many live events took how many milliseconds, from the creation to the intake: the index is the time. */
  readonly latencies: Latencies
  /** Counts requests per source address. */
  readonly address: Tenant
  /** Adds a fault; its times count from now. */
  addFault(fault: unknown): FaultState
  /** Removes one fault, or all. */
  removeFaults(id?: number): number
  /** Ends the sessions of one partition, or all, as if they had expired. */
  endSessions(partition?: number): number
  /** Forgets everything and starts again. */
  reset(): void
  /** Ends all streams. */
  close(): void
}

/** Makes a simulator. Its time comes from `clock` and its chance from `options.seed`: the same calls give the same run. */
export function makeSimulator(options: SimulatorOptions, clock: SimClock, parts: SimulatorParts = {}): Simulator {
  const settings = parseOptions(options)
  const templates = parts.templates ?? makeTemplates(settings.seed, settings.templates)
  let emitted: ReadonlyMap<string, Emitted> | undefined
  const emittedOnce = () => (emitted ??= emittedBy(templates))
  let closing = new AbortController()

  const start = () => {
    closing = new AbortController()
    const sim = makeContext(settings, clock, closing.signal, parts, emittedOnce)
    const tape_start_ms = settings.start_ms ?? sim.started_ms
    for (let partition = 0; partition < settings.partitions; partition++) {
      addPartition(sim, templates, partition, tape_start_ms)
    }
    for (const fault of settings.faults) sim.faults.add(fault, sim.started_ms)
    return { sim, app: makeApp(sim, templates, reset) }
  }
  const close = () => {
    closing.abort()
    wakeStreams(running.sim)
  }
  const reset = () => {
    close()
    running = start()
  }
  let running = start()

  return {
    settings,
    fetch: async (request) => running.app.fetch(request),
    get state() {
      return snapshot(running.sim)
    },
    get tapes() {
      return running.sim.tapes
    },
    get latencies() {
      return running.sim.ledger.latencies
    },
    get address() {
      return running.sim.address
    },
    account: () => running.sim.ledger.account(running.sim.tapes.values(), clock.now()),
    addFault: (fault) => {
      const state = running.sim.faults.add(fault_schema.parse(fault), clock.now())
      wakeStreams(running.sim)
      return state
    },
    removeFaults: (id) => {
      const removed = running.sim.faults.remove(id)
      wakeStreams(running.sim)
      return removed
    },
    endSessions: (partition) => {
      const { tenant } = running.sim
      const ended = tenant.endSessions(
        (session) => partition === undefined || session.partition === partition,
        clock.now(),
      )
      wakeStreams(running.sim)
      return ended
    },
    reset,
    close,
  }
}

function makeContext(
  settings: SimulatorSettings,
  clock: SimClock,
  closed: AbortSignal,
  { over_sockets = false, children = new Map(), address }: SimulatorParts,
  emitted: SimContext["emitted"],
): SimContext {
  const started_ms = clock.now()
  const api = makeApiState(settings, started_ms)
  const tenant = new Tenant(settings)
  return {
    settings,
    clock,
    started_ms,
    tenant,
    address: address ?? tenant,
    children,
    tapes: new Map(),
    listed: new Set(),
    faults: new FaultSchedule(),
    ledger: new Ledger(settings.retention),
    emitted,
    api,
    inventory: new Inventory(settings, api, started_ms),
    people: new People(settings, started_ms),
    assets: new AssetLedger(),
    streams: new Set(),
    over_sockets,
    closed,
  }
}

function makeApp(sim: SimContext, templates: readonly EventTemplate[], reset: () => void): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    const url = new URL(c.req.url)
    const seen = {
      at_ms: sim.clock.now(),
      method: c.req.method,
      path: url.pathname,
      query: url.search,
      user_agent: c.req.header("user-agent") ?? "",
      auth: (c.req.header("authorization") ?? "none").split(" ")[0]!,
      status: 0,
    }
    if (!url.pathname.startsWith("/_sim/")) sim.tenant.saw(seen)
    await next()
    seen.status = c.res.status
  })
  app.route("/", falconRoutes(sim))
  app.route("/", apiRoutes(sim))
  app.route("/", intakeRoutes(sim))
  app.route("/", assetRoutes(sim))
  app.route("/_sim", controlRoutes(sim, templates, reset))
  app.notFound((c) => {
    // For whoever wonders whether the simulator knows the call at all.
    c.header("X-Simulator", "no such route")
    const message = "Not found: Please provide trace-id='' to support"
    return c.json({ meta: { trace_id: "" }, errors: [{ code: 404, message }] }, 404)
  })
  app.onError((error) => {
    throw error
  })
  return app
}
