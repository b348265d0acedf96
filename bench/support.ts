/** Processes under measurement: the simulator, the subjects, and what the kernel says about them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import type { Subprocess } from "bun"
import type { Account } from "../simulator/account.ts"
import type { SimulatorOptions } from "../simulator/options.ts"

export const say = (text: string): void => void process.stdout.write(`${text}\n`)

export interface Simulated {
  readonly url: string
  readonly account: () => Promise<Account>
  readonly stop: () => Promise<void>
}

export const credentials = {
  client_id: "bench",
  client_secret: "bench-client-secret",
  intake_key: "bench-intake-key",
} as const

/** Starts a simulator of its own process. JSON is YAML, so the scenario needs no writer. */
export const simulate = async (options: SimulatorOptions): Promise<Simulated> => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-bench-`)
  const scenario = `${folder}/scenario.yaml`
  writeFileSync(scenario, JSON.stringify({ ...credentials, rate_limits: false, ...options }))
  const child = Bun.spawn([process.execPath, "src/main.ts", "simulate", "--port", "0", "--scenario", scenario], {
    stdout: "pipe",
    stderr: "inherit",
  })
  const { value } = await child.stdout.getReader().read()
  const url = /http:\/\/[^\s:]+:\d+/.exec(new TextDecoder().decode(value))?.[0]
  if (url === undefined) throw new Error("the simulator did not start")
  return {
    url,
    account: async () => (await (await fetch(`${url}/_sim/account`)).json()) as Account,
    stop: async () => {
      child.kill()
      await child.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The environment of a worker that reads from this simulator. */
export const workerEnv = (url: string, data_dir: string): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  FALCON_BASE_URL: url,
  FALCON_CLIENT_ID: credentials.client_id,
  FALCON_CLIENT_SECRET: credentials.client_secret,
  SEKOIA_INTAKE_URL: url,
  SEKOIA_INTAKE_KEY: credentials.intake_key,
  AKONIS_DATA_DIR: data_dir,
  AKONIS_PORT: "0",
  AKONIS_LOG_LEVEL: "warn",
})

/** A folder that is gone when `body` is done. */
export const withFolder = async <A>(body: (folder: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-bench-`)
  try {
    return await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const ticks_per_second = 100

/** User and system time of a process so far, in µs; resolution 10 ms. */
export const cpuUs = ({ pid }: Subprocess): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticks_per_second
}

/** A line of /proc/<pid>/status in MB: `VmHWM` is the peak of the resident memory, `VmRSS` what it is now. */
export const memoryMb = ({ pid }: Subprocess, name: "VmHWM" | "VmRSS" | "RssAnon"): number => {
  const line = new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))
  return Number(line?.[1]) / 1_024
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** `23.1 (22.8–24.0)` */
export const spread = (values: readonly number[], digits: number): string => {
  const text = (value: number) => value.toFixed(digits)
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`
}
