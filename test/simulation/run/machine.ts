/** The machine that the worker runs on: starts it, kills it between any two steps, stops it, starts it again. */
import { Clock, Effect, Random as EffectRandom, Exit, Fiber, type Layer, Logger, Scope } from "effect"

import type { Random } from "../../../simulator/events/random.ts"
import { loadConfig } from "../../../src/core/config/load.ts"
import { makeBatchMemory, SharedBatchMemory } from "../../../src/core/delivery/batch-memory.ts"
import type { Http } from "../../../src/core/http/client/http.ts"
import { server } from "../../../src/core/http/server/limits.ts"
import { Health } from "../../../src/core/telemetry/health.ts"
import { lockData, openTenants, type RunningTenant } from "../../../src/core/tenant/boot.ts"
import { plugins } from "../../../src/plugins/index.ts"
import { runWorker } from "../../../src/worker.ts"
import type { MemoryDisk } from "../../support/memory-disk.ts"
import type { Break } from "../oracles/delivery-oracle.ts"
import { clockOf, type Life, schedulerOf, type VirtualTime } from "./time.ts"

export interface MachineOptions {
  readonly time: VirtualTime
  readonly random: Random
  readonly disk: MemoryDisk
  /** Configuration as an environment. */
  readonly env: Readonly<Record<string, string>>
  readonly wire: (life: Life) => Layer.Layer<Http>
  readonly skew_ms: () => number
  readonly note: (what: string) => void
  readonly broken: Break
  /** A process has started, or has died. */
  readonly onStart: (life: number) => void
  readonly onDeath: () => void
}

interface Process {
  readonly life: Life
  /** Those that are served, once they are. */
  readonly tenants: { current: readonly RunningTenant[] }
  /** What the kernel gives back when the process ends, above all the lock of the data folder. */
  readonly scope: Scope.Closeable
  /** Lets time pass that stood still while the folder was being locked; called when the process dies meanwhile, too. */
  readonly letTimePass: () => void
  readonly fiber: Fiber.Fiber<void, unknown>
  /** It ends because somebody wants it to. */
  wanted: boolean
}

const restart_ms = 5_000
/** A process that does so much at one instant will never sleep. */
const steps_at_once_max = 20_000

export class Machine {
  private process: Process | undefined
  private lives = 0
  private steps_left: number | undefined
  private power = false
  private down_ms = 0
  private steps_at = { ms: 0, count: 0 }

  private readonly options: MachineOptions

  constructor(options: MachineOptions) {
    this.options = options
  }

  readonly start = (): void => {
    if (this.process !== undefined) return
    const number = ++this.lives
    this.options.note(`process ${number} starts`)
    this.options.onStart(number)
    const process = this.run(runWorker)
    this.process = process
    process.fiber.addObserver((exit) => this.ended(process, exit))
  }

  /** Kills the process after so many more calls of disk or network, or when a while has passed. */
  kill(steps: number, power: boolean, down_ms: number): void {
    this.steps_left = steps
    this.power = power
    this.down_ms = down_ms
    this.options.time.after(20_000, () => {
      if (this.steps_left !== undefined) this.die()
    })
  }

  /** What health says of the event stream; empty while no process is up. */
  health(): string {
    const { tenants, life } = this.process ?? {}
    if (tenants === undefined || life === undefined) return ""
    const { time, skew_ms } = this.options
    return tenants.current
      .map(({ services }) =>
        Effect.runSync(
          Health.use(({ report }) => report).pipe(
            Effect.provide(services),
            Effect.provideService(Clock.Clock, clockOf(time, skew_ms, life)),
          ),
        ),
      )
      .map(({ plugins: reports }) => reports["event-stream"]?.detail ?? "")
      .join("; ")
  }

  /** SIGTERM; started again after a while, or never. `before`: what is done to the machine meanwhile. */
  stop(down_ms: number | undefined, before: () => void = () => undefined): void {
    const process = this.process
    if (process === undefined || process.wanted) return
    process.wanted = true
    this.options.note("SIGTERM")
    Effect.runFork(Fiber.interrupt(process.fiber))
    const { time, broken } = this.options
    time.after(server.drain_ms_max + 60_000, () => {
      if (this.process === process) broken("progress", "a process that was told to stop does not")
    })
    process.fiber.addObserver(() => {
      if (this.process !== process) return
      this.leave(process)
      const startAgain = () => {
        before()
        this.start()
      }
      if (down_ms !== undefined) time.after(down_ms, startAgain)
    })
  }

  /** Somebody starts the worker a second time on the same folder. */
  second(): void {
    const first = this.process
    if (first === undefined || first.wanted) return
    const { note, broken, disk } = this.options
    note("a second process is started on the same folder")
    const second = this.run(() => Effect.sync(() => broken("one process", "a second process passes the lock")))
    second.fiber.addObserver((exit) => {
      this.close(second)
      if (disk.failing !== undefined) return
      if (Exit.isFailure(exit) && !String(exit.cause).includes("another akonis process"))
        broken("one process", `the second process is refused for another reason: ${String(exit.cause)}`)
    })
  }

  /** Stands around every call of disk and network: the process may die before it, or after it and never know. */
  readonly gate = <A, E, R>(what: string, call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      this.spinGuard(what)
      if (this.diesHere(`before ${what}`)) return Effect.never
      return Effect.flatMap(call, (value) => (this.diesHere(`after ${what}`) ? Effect.never : Effect.succeed(value)))
    })

  private diesHere(where: string): boolean {
    if (this.process === undefined || this.steps_left === undefined || this.steps_left-- > 0) return false
    this.options.note(`killed ${where}`)
    this.die()
    return true
  }

  private spinGuard(what: string): void {
    const { time, broken } = this.options
    if (this.steps_at.ms !== time.now_ms) this.steps_at = { ms: time.now_ms, count: 0 }
    if (++this.steps_at.count < steps_at_once_max) return
    broken("progress", `the process spins: ${what}`)
    this.die()
  }

  private die(): void {
    this.steps_left = undefined
    const process = this.process
    if (process === undefined) return
    const { disk, random, time, note, onDeath } = this.options
    note(this.power ? "power fails" : "process dies")
    this.leave(process)
    if (this.power) disk.crash(() => random.unit())
    onDeath()
    time.after(this.down_ms, this.start)
  }

  private leave(process: Process): void {
    process.life.alive = false
    this.process = undefined
    this.close(process)
  }

  /** The kernel takes the lock back: with a socket, so that it takes a few turns of the event loop, and none of the virtual time. */
  private close({ scope, letTimePass }: Process): void {
    letTimePass()
    Effect.runFork(Effect.ensuring(Scope.close(scope, Exit.void), Effect.sync(this.options.time.hold())))
  }

  private ended(process: Process, exit: Exit.Exit<void, unknown>): void {
    if (process.wanted || this.process !== process) return
    const why = Exit.isFailure(exit) ? String(exit.cause) : "no reason"
    this.leave(process)
    if (this.options.disk.failing === undefined) this.options.broken("progress", `the worker ends by itself: ${why}`)
    this.options.note(`the worker ends, since the disk fails: ${why}`)
    this.options.onDeath()
    this.options.time.after(restart_ms, this.start)
  }

  private run(work: typeof runWorker): Process {
    const { time, disk, env, wire, skew_ms, note, random } = this.options
    const life: Life = { alive: true }
    const scope = Scope.makeUnsafe()
    const letTimePass = time.hold()
    const running: Process["tenants"] = { current: [] }
    const log = Logger.make(({ logLevel, message }) => note(`  ${logLevel}: ${String(message)}`))
    const program = Effect.gen(function* () {
      const config = yield* loadConfig({ env, plugins })
      yield* Effect.ensuring(lockData(config, ["work", "serve"]), Effect.sync(letTimePass))
      const tenants = yield* openTenants(config, wire(life))
      running.current = tenants
      yield* work(tenants)
    }).pipe(
      Scope.provide(scope),
      Effect.provide([disk.layer, Logger.layer([log])]),
      Effect.provideService(Clock.Clock, clockOf(time, skew_ms, life)),
      // Each process has its own: one that was killed gives nothing back.
      Effect.provideService(SharedBatchMemory, makeBatchMemory()),
      Effect.provideService(EffectRandom.Random, {
        nextIntUnsafe: () => random.int(0, 2 ** 31),
        nextDoubleUnsafe: () => random.unit(),
      }),
    )
    const fiber = Effect.runFork(program, { scheduler: schedulerOf(life) })
    return { life, scope, letTimePass, fiber, tenants: running, wanted: false }
  }
}
