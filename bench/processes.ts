/** Starts the simulator and the subjects, each as a process of its own, in a folder that is gone afterwards. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { resolve } from "node:path"
import type { Account } from "../simulator/account.ts"
import { options_schema, type SimulatorOptions } from "../simulator/options.ts"

const root = resolve(import.meta.dir, "..")

export const executable: string = resolve(root, "dist/akonis")

export type Subject = "c" | "floor" | "akonis" | "stock" | "binary" | "naive"

/** The programs that are not part of this checkout, as far as they are to be compared. */
export const elsewhere: {
  /** `floor.c`, compiled. */
  c_floor?: string
  /** Another checkout of the product. */
  stock?: string
} = {}

/** How to start each subject. `akonis` is the product; `binary` the same, compiled; `stock` the product as another checkout has it. */
const command = (subject: Subject): readonly [string, ...string[]] => {
  const worker = (folder: string) => [process.execPath, resolve(folder, "src/main.ts"), "worker"] as const
  if (subject === "c") return [elsewhere.c_floor ?? ""]
  if (subject === "akonis") return worker(root)
  if (subject === "stock") return worker(elsewhere.stock ?? "")
  if (subject === "binary") return [executable, "worker"]
  return [process.execPath, resolve(root, `bench/${subject}.ts`)]
}

/** Ends what is still running; each removes itself when it has ended by itself. */
const running = new Set<() => void>()
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const end of running) end()
    process.exit(1)
  })
}

interface Child {
  readonly pid: number
  /** Asks it to stop, waits, and removes what it left. */
  readonly stop: () => Promise<void>
}

export interface SimulatorChild extends Child {
  readonly url: string
  readonly account: () => Promise<Account>
}

export interface SubjectChild extends Child {
  /** Throws when the process has ended by itself. */
  readonly assertAlive: () => void
}

export async function startSimulator(options: SimulatorOptions): Promise<SimulatorChild> {
  const command = [process.execPath, resolve(root, "bench/simulator.ts")]
  const child = Bun.spawn([...command, JSON.stringify({ rate_limits: false, ...options })], {
    stdout: "pipe",
    stderr: "inherit",
  })
  const end = () => child.kill("SIGKILL")
  running.add(end)
  const first = await child.stdout.getReader().read()
  const url = new TextDecoder().decode(first.value).trim()
  if (!url.startsWith("http")) throw new Error("the simulator did not start")
  return {
    url,
    pid: child.pid,
    account: async () => (await fetch(`${url}/_sim/account`)).json() as Promise<Account>,
    stop: async () => {
      child.kill()
      await child.exited
      running.delete(end)
    },
  }
}

/** The settings of every subject: the simulator's address and credentials, and nothing of the caller's environment. */
export function environment(url: string, folder: string): Record<string, string> {
  const { client_id, client_secret, intake_key } = options_schema.parse({})
  return {
    FALCON_BASE_URL: url,
    FALCON_CLIENT_ID: client_id,
    FALCON_CLIENT_SECRET: client_secret,
    SEKOIA_INTAKE_URL: url,
    SEKOIA_INTAKE_KEY: intake_key,
    AKONIS_DATA_DIR: `${folder}/data`,
    AKONIS_PORT: "0",
    AKONIS_LOG_LEVEL: "warn",
  }
}

/** `flags` go to Bun. */
interface SubjectOptions {
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a subject in an empty folder of its own. */
export function startSubject(
  subject: Subject,
  url: string,
  { flags = [], env = {} }: SubjectOptions = {},
): SubjectChild {
  const folder = mkdtempSync(`${tmpdir()}/akonis-bench-`)
  const [program, ...args] = command(subject)
  const child = Bun.spawn([program, ...flags, ...args], {
    cwd: folder,
    env: { ...environment(url, folder), ...env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  })
  const end = () => {
    child.kill("SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  }
  running.add(end)
  return {
    pid: child.pid,
    assertAlive: () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${subject} ended by itself`)
    },
    stop: async () => {
      child.kill()
      await child.exited
      running.delete(end)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
