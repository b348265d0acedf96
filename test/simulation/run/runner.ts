/** One process of a simulated cluster: starts, stands still, dies between any two steps, stops, starts again. What it does is the product's. */
import { Clock, Context, Effect, Random as EffectRandom, Exit, Fiber, Layer, Logger } from "effect"
import type { Random } from "../../../simulator/events/random.ts"
import { engine as placement } from "../../../src/core/cluster/limits.ts"
import { storesOf } from "../../../src/core/cluster/room.ts"
import { loadConfig } from "../../../src/core/config/load.ts"
import { makeBatchMemory, SharedBatchMemory } from "../../../src/core/delivery/batch-memory.ts"
import { DrainLimit } from "../../../src/core/delivery/drain-limit.ts"
import { Http } from "../../../src/core/http/client/http.ts"
import { reload } from "../../../src/core/limits/operator.ts"
import { openTenants } from "../../../src/core/tenant/boot.ts"
import { runPlaced } from "../../../src/placed.ts"
import { plugins } from "../../../src/plugins/index.ts"
import { makeMemoryDisk } from "../../support/memory-disk.ts"
import { steps_ms_max } from "../generate/cluster-scenario.ts"
import type { Break } from "../oracles/delivery-oracle.ts"
import { type Ask, databaseOver } from "./database-line.ts"
import { type Engine, Seat } from "./engine.ts"
import { clockOf, type Life, reach, schedulerOf, type VirtualTime, wake, whileAwake } from "./time.ts"

/** One life of a process; also how the oracle knows who has done something. */
export interface Process {
  readonly name: string
  readonly life: Life
}

/** Stands around every call of a process. */
export type Gate = <A, E, R>(what: string, call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

export interface RunnerOptions {
  readonly name: string
  readonly time: VirtualTime
  readonly random: Random
  readonly engine: Engine
  readonly env: Readonly<Record<string, string>>
  readonly configuration: string
  /** The network and the database, as one process has them. */
  readonly wire: (process: Process, gate: Gate) => Layer.Layer<Http>
  readonly line: (process: Process, gate: Gate) => Ask
  /** Whether the process reaches the database, as far as the engine can tell. */
  readonly reachesDatabase: () => boolean
  readonly note: (what: string) => void
  readonly broken: Break
  readonly onStart: (process: Process) => void
  /** It is gone, and with it its connections to Falcon that these headers stand for. */
  readonly onDeath: (authorizations: ReadonlySet<string>) => void
}

interface Running extends Process {
  readonly seat: Seat
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly feeds: Set<string>
  is_stopping: boolean
}

/** Falls upon a process at one of its next calls. */
interface Strike {
  steps_left: number
  readonly strike: () => void
}

const { hand_over_ms_max } = placement
/** A process that does so much at one instant will never sleep. */
const steps_at_once_max = 20_000

export class Runner {
  skew_ms = 0
  private process: Running | undefined
  private lives = 0
  private strikes: Strike[] = []
  private steps_at = { ms: 0, count: 0 }

  private readonly options: RunnerOptions

  constructor(options: RunnerOptions) {
    this.options = options
  }

  get name(): string {
    return this.options.name
  }

  holds(seat: Seat | undefined): boolean {
    return seat !== undefined && this.process?.seat === seat
  }

  readonly start = (): void => {
    if (this.process !== undefined) return
    const { name, engine, note, onStart, reachesDatabase } = this.options
    const life: Life = { alive: true }
    const process = { name: `${name}.${++this.lives}`, life }
    const seat = new Seat(process.name, life, reachesDatabase)
    const feeds = new Set<string>()
    note(`${process.name} starts`)
    onStart(process)
    this.process = { ...process, seat, feeds, is_stopping: false, fiber: this.run(process, seat, feeds) }
    const started = this.process
    started.fiber.addObserver((exit) => this.ended(started, exit))
    engine.join(seat)
  }

  /** Something happens to the process so many calls later, or after a while when it makes none. */
  strikeAfter(steps: number, run: () => void): void {
    const once: Strike = {
      steps_left: steps,
      strike: () => {
        if (!this.strikes.includes(once)) return
        this.strikes = this.strikes.filter((other) => other !== once)
        run()
      },
    }
    this.strikes.push(once)
    this.options.time.after(steps_ms_max, once.strike)
  }

  freeze(for_ms: number): void {
    const { life, name } = this.process ?? {}
    if (life === undefined || life.waiting !== undefined) return
    const { note, time } = this.options
    note(`${name} stands still`)
    life.waiting = []
    time.after(for_ms, () => {
      if (life.alive) note(`${name} goes on`)
      wake(life)
    })
  }

  kill(down_ms: number): void {
    const process = this.process
    if (process === undefined) return
    this.options.note(`${process.name} dies`)
    this.options.engine.leave(process.seat)
    this.gone(process)
    this.options.time.after(down_ms, this.start)
  }

  /** SIGTERM; `down_ms`: started again after that, or never. */
  stop(down_ms: number | undefined): void {
    const process = this.process
    if (process === undefined || process.is_stopping) return
    const { note, time, broken, engine } = this.options
    process.is_stopping = true
    note(`${process.name} gets SIGTERM`)
    reach(process.life, () => {
      process.seat.is_leaving = true
      Effect.runFork(Fiber.interrupt(process.fiber))
      time.after(hand_over_ms_max + 60_000, () => {
        if (process.life.alive && process.life.waiting === undefined)
          broken("progress", `${process.name} was told to stop and does not`)
      })
    })
    process.fiber.addObserver(() => {
      if (!process.life.alive) return
      note(`${process.name} has stopped`)
      engine.leave(process.seat, 0)
      this.gone(process)
      if (down_ms !== undefined) time.after(down_ms, this.start)
    })
  }

  private gone(process: Running): void {
    process.life.alive = false
    wake(process.life)
    this.process = undefined
    this.options.onDeath(process.feeds)
  }

  private ended(process: Running, exit: Exit.Exit<unknown, unknown>): void {
    if (process.is_stopping || !process.life.alive) return
    const why = Exit.isFailure(exit) ? String(exit.cause) : "no reason"
    this.options.broken("progress", `${process.name} ends by itself: ${why}`)
  }

  private gateOf({ life }: Process): Gate {
    return (what, call) =>
      Effect.suspend(() => {
        const step = this.step(life, what)
        return Effect.tap(Effect.andThen(step, call), step)
      })
  }

  /** What is due falls upon the process now, and by a timer, as all that comes from outside. */
  private step(life: Life, what: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { time, broken } = this.options
      if (this.steps_at.ms !== time.now_ms) this.steps_at = { ms: time.now_ms, count: 0 }
      if (++this.steps_at.count === steps_at_once_max) broken("progress", `${this.name} spins: ${what}`)
      const due = this.process?.life === life ? this.strikes.filter((one) => one.steps_left-- <= 0) : []
      if (due.length === 0) return whileAwake(life)
      const struck = Effect.callback<void>((resume) => {
        time.after(0, () => {
          for (const { strike } of due) strike()
          reach(life, () => {
            if (life.alive) resume(Effect.void)
          })
        })
      })
      return Effect.andThen(struck, whileAwake(life))
    })
  }

  private run(process: Process, seat: Seat, feeds: Set<string>): Fiber.Fiber<unknown, unknown> {
    const { time, env, configuration, wire, line, note, random } = this.options
    const { life, name } = process
    const gate = this.gateOf(process)
    const disk = makeMemoryDisk()
    disk.write("akonis.yaml", configuration)
    const log = Logger.make(({ logLevel, message }) => note(`  ${name} ${logLevel}: ${String(message)}`))
    // As in `live.ts`: a process that ends has less time to deliver what it has read than one that goes on.
    const over = Effect.suspend(() => Effect.sleep(seat.is_leaving ? hand_over_ms_max : reload.drain_ms_max))
    const program = Effect.gen(function* () {
      const config = yield* loadConfig({ env, plugins })
      const database = databaseOver(line(process, gate))
      const tenants = yield* openTenants(config, layerAwake(wire(process, gate), life, feeds), storesOf(database, name))
      const work = runPlaced(seat.placement(database))
      const units = tenants.flatMap((tenant) => {
        const services = Context.add(tenant.services, DrainLimit, { over })
        return tenant.plugins.map((enabled) => work({ ...tenant, services }, enabled))
      })
      yield* Effect.all(units, { concurrency: "unbounded", discard: true })
    }).pipe(
      Effect.scoped,
      Effect.provide([disk.layer, Logger.layer([log])]),
      Effect.provideService(
        Clock.Clock,
        clockOf(time, () => this.skew_ms, life),
      ),
      Effect.provideService(SharedBatchMemory, makeBatchMemory()),
      Effect.provideService(EffectRandom.Random, {
        nextIntUnsafe: () => random.int(0, 2 ** 31),
        nextDoubleUnsafe: () => random.unit(),
      }),
    )
    return Effect.runFork(program, { scheduler: schedulerOf(life) })
  }
}

/** Network whose feeds do not reach a process that stands still; remembers whose feeds they are. */
const layerAwake = (wire: Layer.Layer<Http>, life: Life, feeds: Set<string>): Layer.Layer<Http> =>
  Layer.effect(
    Http,
    Effect.map(Http, ({ send, open }) => ({
      send,
      open: (request) => {
        feeds.add(String(request.headers?.authorization))
        return Effect.map(open(request), ({ body, status, headers }) => {
          return new Response(body && awakeBody(body, life), { status, headers })
        })
      },
    })),
  ).pipe(Layer.provide(wire))

const awakeBody = (body: ReadableStream<Uint8Array>, life: Life): ReadableStream<Uint8Array> => {
  const reader = body.getReader()
  const awake = () => new Promise<void>((resolve) => reach(life, resolve))
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read()
          await awake()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          await awake()
          controller.error(error)
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
