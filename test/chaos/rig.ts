/** What a chaos run disturbs: a simulator, a worker behind two proxies, and the machine below them. */
import { Random } from "../../simulator/events/random.ts"
import type { PoisonKind, SimulatorOptions } from "../../simulator/options.ts"
import { endWith, type Status } from "../process/child.ts"
import type { Env, Lab } from "../process/harness.ts"
import type { Simulated } from "../process/simulated.ts"
import type { Worker } from "../process/worker.ts"
import { canLimit, type Names, type OwnClock, ownClock, ownNames, type SmallDisk, smallDisk } from "./machine.ts"
import { type Disturber, makeProxy } from "./proxy.ts"

export interface Rig {
  readonly settings: SimulatorOptions
  readonly simulated: Simulated
  /** Between the worker and Falcon, and between it and the intake. */
  readonly falcon: Disturber
  readonly intake: Disturber
  readonly disk: SmallDisk | undefined
  readonly disk_folder: string
  readonly names: Names | undefined
  readonly clock: OwnClock | undefined
  readonly limits: boolean
  readonly data_dir: string
  readonly worker: () => Worker
  /** `kill -9`, and a new worker on the same folder. */
  readonly killAndRestart: () => Promise<void>
  /** How often workers ended, by status. */
  readonly exits: ReadonlyMap<Status, number>
  readonly noteExit: (status: Status) => void
}

/** Over all partitions. */
const events_per_second_total = 1_000
const backlog_total = 40_000

/** Not `oversize_line`, whose records alone would fill the small disk. */
const poison_kinds: readonly PoisonKind[] = [
  "malformed",
  "truncated",
  "not_object",
  "oversize_chars",
  "intake_refuses",
  "intake_too_large",
  "invalid_utf8",
]
const poison_share = 1 / 5_000

/** A worker that ends while it starts is started again for so long, as a supervisor does. */
const restart_ms_max = 120_000

/** Everything that the seed decides about the tenant. `start_ms` is written down, so that the same tape can be made again. */
export const tenantOf = (seed: number, minutes: number, partitions: number, start_ms: number): SimulatorOptions => {
  const random = new Random(seed)
  const events_per_second = events_per_second_total / partitions
  const backlog = Math.ceil(backlog_total / partitions)
  const most = backlog + Math.ceil(minutes * 60 * events_per_second)
  const poison = Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: Math.ceil(most * poison_share) }, () => ({
      partition,
      index: random.int(0, most - 1),
      kind: poison_kinds[random.int(0, poison_kinds.length - 1)]!,
    })),
  ).flat()
  return {
    seed,
    partitions,
    events_per_partition: backlog,
    events_per_second,
    events_max: most,
    start_ms,
    poison,
    intake_delay_ms: 20,
    lock_release_ms: 500,
    // With 300 partitions 120 refreshes in a minute. Above 600 the worker would space them out.
    session_interval_s: Math.max(20, partitions / 2),
    token_life_s: 400,
  }
}

const falcon_host = "falcon.chaos.test"
const intake_host = "intake.chaos.test"

/** Starts it all. */
export const makeRig = async (lab: Lab, settings: SimulatorOptions): Promise<Rig> => {
  const simulated = await lab.simulate(settings)
  const disk_folder = lab.folder()
  const disk = smallDisk(disk_folder)
  const names = ownNames(`${lab.folder()}/hosts`, [falcon_host, intake_host])
  const clock = ownClock(`${lab.folder()}/clock`)
  const random = new Random((settings.seed ?? 1) + 1)
  const proxy = () => makeProxy((shape) => lab.gate(simulated, shape), random)
  const falcon = await proxy()
  const intake = await proxy()
  const address = (host: string, { port }: Disturber) => `http://${names === undefined ? "127.0.0.1" : host}:${port}`
  const data_dir = `${disk_folder}/data`
  const env: Env = {
    FALCON_BASE_URL: address(falcon_host, falcon),
    SEKOIA_INTAKE_URL: address(intake_host, intake),
    AKONIS_LOG_LEVEL: "info",
    // Bun keeps what it resolved for 30 s by default.
    BUN_CONFIG_DNS_TIME_TO_LIVE_SECONDS: "1",
    ...clock?.env,
  }
  const exits = new Map<Status, number>()
  const noteExit = (status: Status) => void exits.set(status, (exits.get(status) ?? 0) + 1)

  const start = async (): Promise<Worker> => {
    const end_ms = performance.now() + restart_ms_max
    for (;;) {
      try {
        return await lab.work(simulated, { data_dir, env })
      } catch (error) {
        if (performance.now() > end_ms) throw error
        noteExit(1)
        await Bun.sleep(1_000)
      }
    }
  }
  let worker = await start()
  return {
    settings,
    simulated,
    falcon,
    intake,
    disk,
    disk_folder,
    names,
    clock,
    limits: canLimit(),
    data_dir,
    worker: () => worker,
    killAndRestart: async () => {
      noteExit((await endWith(worker.child, "SIGKILL")).status)
      worker = await start()
    },
    exits,
    noteExit,
  }
}
