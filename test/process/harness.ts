/**
 * A laboratory for one scenario: simulators, workers and commands as real processes over real sockets, on loopback only.
 * Whatever happens, every process is ended and every folder removed; and nothing that the product said may hold a secret.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import type { Account } from "../../simulator/account.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { type Child, endWith, type Start, type Status, startAkonis, startCompiled } from "./child.ts"
import { type Gate, openGate, type Shape } from "./gate.ts"
import { type Simulated, simulate } from "./simulated.ts"
import { makePlaces, until, within } from "./waiting.ts"
import { startWorker, type Worker } from "./worker.ts"

/** What a scenario must never read in a log line, a metric or a health answer. */
export const secrets = {
  client_secret: "falcon-secret-4f1d77b2",
  intake_key: "intake-key-9be03c5a",
  token: "api-token-c2a8e610",
} as const

/** The books of a scenario, closed. */
export interface Outcome {
  readonly sent: number
  readonly delivered: number
  /** Events that the intake has taken more than once, every time counted. */
  readonly repeated: number
  /** Events that neither the intake nor the dead letters hold. */
  readonly lost: number
  readonly corrupted: number
  readonly out_of_order: number
  readonly dead_letters: number
  /** The most memory that a worker of the scenario ever held. */
  readonly rss_max_mb: number
}

/** What every outcome has to show, unless the scenario says otherwise. */
export const intact = { lost: 0, repeated: 0, corrupted: 0, out_of_order: 0 } as const

interface Ended {
  readonly status: Status
  readonly stdout: Buffer
  readonly stderr: string
}

export interface Lab {
  /** A new empty folder, removed in the end. */
  readonly folder: () => string
  /** A simulator that knows the secrets of {@link secrets}. */
  readonly simulate: (settings: SimulatorOptions) => Promise<Simulated>
  /** The environment of a worker or a command. */
  readonly env: (simulated: Pick<Simulated, "url">, data_dir: string, more?: Env) => Env
  /** A worker on a new data folder, or on the one of an earlier worker. */
  readonly work: (
    simulated: Simulated,
    options?: { data_dir?: string; env?: Env; command?: "worker" | "run" | "serve"; descriptors_max?: number },
  ) => Promise<Worker>
  /** A gate before a simulator; shut in the end. */
  readonly gate: (simulated: Simulated, shape?: Shape) => Promise<Gate>
  /** A command that ends by itself. */
  readonly command: (args: readonly string[], env: Env, cwd?: string) => Promise<Ended>
  /** Lets everything arrive, stops the worker and closes the books. */
  readonly finish: (simulated: Simulated, worker: Worker, timeout_ms: number) => Promise<Outcome>
  /** Closes the books as they are. */
  readonly outcome: (simulated: Simulated, data_dir: string) => Promise<Outcome>
  /** One more text that must not be read anywhere. */
  readonly hide: (secret: string) => void
}

export type Env = Readonly<Record<string, string>>

const command_ms_max = 120_000

/** One scenario, from its first process to its last. */
const scenario_ms_max = 900_000

/** Scenarios that run at the same time. Most of what they do is waiting, but each has two processes at least. */
const labs_max = 5
const places = makePlaces(labs_max)

/** Runs a scenario in a laboratory of its own, as soon as there is a place for it. */
export const withLab = <A>(scenario: (lab: Lab) => Promise<A>, ms_max = scenario_ms_max): Promise<A> =>
  places.use(() => runInLab(scenario, ms_max, startAkonis))

/** Runs a scenario with the executable in place of the sources. */
export const withCompiledLab = <A>(scenario: (lab: Lab) => Promise<A>): Promise<A> =>
  places.use(() => runInLab(scenario, scenario_ms_max, startCompiled))

const runInLab = async <A>(scenario: (lab: Lab) => Promise<A>, ms_max: number, start: Start): Promise<A> => {
  const root = mkdtempSync(`${tmpdir()}/akonis-lab-`)
  const things: Things = {
    root,
    start,
    closed: false,
    simulators: [],
    workers: [],
    gates: [],
    children: [],
    product: [],
    answers: [],
    hidden: [],
  }
  try {
    const result = await within("the end of the scenario", scenario(makeLab(things)), ms_max)
    await lookAtAll(things)
    assertNoSecret(things)
    return result
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${await clues(things)}`, { cause: error })
  } finally {
    things.closed = true
    await Promise.all(things.gates.map((gate) => gate.shut()))
    await endAll(things.children)
    rmSync(root, { recursive: true, force: true })
  }
}

/** What a laboratory has to look at and to clean up. */
interface Things {
  readonly root: string
  /** From source, or compiled. */
  readonly start: Start
  /** A scenario that took too long may still be at work: it starts nothing more. */
  closed: boolean
  readonly simulators: Simulated[]
  readonly workers: Worker[]
  readonly gates: Gate[]
  /** Every process, and those of them whose output may hold no secret. */
  readonly children: Child[]
  readonly product: Child[]
  /** What workers said over HTTP. */
  readonly answers: string[]
  readonly hidden: string[]
}

/** Starts processes that end with the laboratory. */
const startIn =
  (things: Things): Start =>
  (args, options) => {
    if (things.closed) throw new Error("the laboratory is closed")
    const child = things.start(args, options)
    things.children.push(child)
    // The simulator prints its secrets, so that one can try it.
    if (args[0] !== "simulate") things.product.push(child)
    return child
  }

const makeLab = (things: Things): Lab => {
  const start = startIn(things)
  const folder = () => mkdtempSync(`${things.root}/`)
  const env = (simulated: Pick<Simulated, "url">, data_dir: string, more: Env = {}): Env => ({
    FALCON_BASE_URL: simulated.url,
    FALCON_CLIENT_ID: "simulated-client",
    FALCON_CLIENT_SECRET: secrets.client_secret,
    SEKOIA_INTAKE_URL: simulated.url,
    SEKOIA_INTAKE_KEY: secrets.intake_key,
    AKONIS_DATA_DIR: data_dir,
    AKONIS_PORT: "0",
    AKONIS_LOG_LEVEL: "debug",
    AKONIS_TOKEN: secrets.token,
    ...more,
  })

  const lab: Lab = {
    folder,
    env,
    simulate: async (settings) => {
      const { client_secret, intake_key } = secrets
      const simulated = await simulate({ client_secret, intake_key, ...settings }, folder(), start)
      things.simulators.push(simulated)
      return simulated
    },
    work: async (simulated, { data_dir = folder(), env: more = {}, command, descriptors_max } = {}) => {
      const worker = await startWorker({
        command,
        env: env(simulated, data_dir, more),
        data_dir,
        cwd: things.root,
        descriptors_max,
        token: secrets.token,
        start,
        onAnswer: (text) => void things.answers.push(text),
      })
      things.workers.push(worker)
      return worker
    },
    gate: async (simulated, shape) => {
      const gate = await openGate(simulated.url, shape)
      things.gates.push(gate)
      return gate
    },
    command: async (args, env, cwd = things.root) => {
      const child = start(args, { env, cwd })
      const status = await within(`the end of akonis ${args.join(" ")}`, child.ended, command_ms_max)
      return { status, stdout: child.stdout(), stderr: child.stderr() }
    },
    finish: async (simulated, worker, timeout_ms) => {
      await simulated.allDelivered(timeout_ms)
      const { poison } = (await simulated.account()).total
      const recorded = () =>
        countDeadLetters(worker.data_dir) >= poison.expected - poison.delivered ? true : undefined
      await until("the dead letters of all poisoned events", recorded)
      await lookAtAll(things)
      const { status } = await endWith(worker.child, "SIGTERM")
      if (status !== 0) throw new Error(`the worker ended with status ${status} after SIGTERM`)
      return lab.outcome(simulated, worker.data_dir)
    },
    outcome: async (simulated, data_dir) =>
      closeBooks(
        await simulated.account(),
        countDeadLetters(data_dir),
        Math.max(0, ...things.workers.map((worker) => worker.child.peakMb())),
      ),
    hide: (secret) => void things.hidden.push(secret),
  }
  return lab
}

const closeBooks = ({ total, violations }: Account, dead_letters: number, rss_max_mb: number): Outcome => {
  if (violations.length > 0) throw new Error(`the intake need not bear this: ${violations[0]!.what}`)
  const { sent, delivered, repeated, corrupted, out_of_order, poison } = total
  const unrecorded = Math.max(0, poison.expected - poison.delivered - dead_letters)
  const lost = total.undelivered.events + unrecorded
  return { sent, delivered, repeated, lost, corrupted, out_of_order, dead_letters, rss_max_mb }
}

const countDeadLetters = (data_dir: string): number => {
  const folder = `${data_dir}/dead-letters`
  return namesIn(folder)
    .filter((name) => name !== "replayed.ndjson")
    .map((name) => readFileSync(`${folder}/${name}`, "utf8").split("\n").length - 1)
    .reduce((sum, lines) => sum + lines, 0)
}

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Asks every worker that runs for its health and its metrics: what they say is searched for secrets. */
const lookAtAll = async ({ workers }: Things): Promise<void> => {
  const running = workers.filter((worker) => worker.child.isRunning())
  await Promise.all(running.flatMap((worker) => [worker.health(), worker.metrics()]))
}

const assertNoSecret = ({ product, answers, hidden }: Things): void => {
  const texts = [...product.flatMap((child) => [child.stderr(), child.stdout().toString()]), ...answers]
  const patterns = [...Object.values(secrets), ...hidden, /sim-(access|session)-\d+-\d+/]
  for (const pattern of patterns) {
    const leak = texts.find((text) => text.search(pattern) >= 0)
    const line = leak?.split("\n").find((line) => line.search(pattern) >= 0)
    if (line !== undefined) throw new Error(`a secret was printed: ${line}`)
  }
}

/** The last lines of every log, and the books: what a reader of a failure needs. */
const clues = async ({ simulators, product }: Things): Promise<string> => {
  const logs = product.map((child) => child.stderr().split("\n").slice(-25).join("\n"))
  const books = simulators.map(async (simulated) => JSON.stringify((await simulated.account()).total))
  const accounts = (await Promise.allSettled(books)).map((book) => (book.status === "fulfilled" ? book.value : "gone"))
  return [...accounts, ...logs].join("\n--- \n")
}

const endAll = async (children: readonly Child[]): Promise<void> => {
  for (const child of children) child.kill("SIGKILL")
  await within("the end of every process", Promise.all(children.map((child) => child.ended)), 10_000)
}
