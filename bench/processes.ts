/** Starts the simulator and the subjects, each as a process of its own, in a folder that is gone afterwards. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { resolve } from "node:path"
import type { Account } from "../simulator/account.ts"
import { options_schema, type SimulatorOptions } from "../simulator/options.ts"

const root = resolve(import.meta.dir, "..")

export const executable: string = resolve(root, "dist/akonis")

/** How to start each subject. `akonis` is the product; `akonis.binary` the same, compiled. */
export const subjects = {
  floor: [process.execPath, resolve(root, "bench/subjects/floor.ts")],
  akonis: [process.execPath, resolve(root, "src/main.ts"), "worker"],
  binary: [executable, "worker"],
  naive: [process.execPath, resolve(root, "bench/subjects/naive.ts")],
} as const

export type Subject = keyof typeof subjects

export interface Child {
  readonly pid: number
  /** Throws, with what it wrote, when the process is gone. */
  readonly assertAlive: () => void
  /** Asks it to stop, waits, and removes its folder. */
  readonly stop: () => Promise<void>
}

export interface SimulatorChild extends Child {
  readonly url: string
  readonly account: () => Promise<Account>
}

export async function startSimulator(options: SimulatorOptions): Promise<SimulatorChild> {
  const command = [process.execPath, resolve(root, "bench/simulator.ts")]
  const process_ = Bun.spawn([...command, JSON.stringify({ rate_limits: false, ...options })], {
    stdout: "pipe",
    stderr: "inherit",
  })
  const first = await process_.stdout.getReader().read()
  const url = new TextDecoder().decode(first.value).trim()
  if (!url.startsWith("http")) throw new Error("the simulator did not start")
  return {
    url,
    pid: process_.pid,
    assertAlive: () => undefined,
    account: async () => (await fetch(`${url}/_sim/account`)).json() as Promise<Account>,
    stop: async () => {
      process_.kill()
      await process_.exited
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

export function startSubject(subject: Subject, url: string, more: Readonly<Record<string, string>> = {}): Child {
  const folder = mkdtempSync(`${tmpdir()}/akonis-bench-`)
  const child = Bun.spawn([...subjects[subject]], {
    cwd: folder,
    env: { ...environment(url, folder), ...more },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  })
  return {
    pid: child.pid,
    assertAlive: () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${subject} ended by itself`)
    },
    stop: async () => {
      child.kill()
      await child.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
