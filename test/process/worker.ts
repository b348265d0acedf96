/** `akonis worker` as a process, and what can be asked of it while it runs. */
import { existsSync, readFileSync } from "node:fs"
import type { Status as HealthStatus, Report } from "../../src/core/telemetry/health.ts"
import { type Child, type Start, start_ms_max } from "./child.ts"
import { until } from "./waiting.ts"

export interface HealthAnswer {
  readonly http_status: number
  readonly status: HealthStatus
  readonly plugins: Readonly<Record<string, Report>>
}

export interface Worker {
  readonly child: Child
  readonly data_dir: string
  readonly url: string
  readonly health: () => Promise<HealthAnswer>
  readonly metrics: () => Promise<string>
  /** Runs an action over HTTP; only a worker that was started by `run` has any. */
  readonly act: (slug: string, args: unknown) => Promise<{ readonly http_status: number; readonly text: string }>
  /** Waits for a line of the log. */
  readonly logs: (text: string | RegExp, timeout_ms?: number) => Promise<void>
  /** The committed offsets; `undefined` when there is no file. */
  readonly cache: () => Record<string, number> | undefined
}

export interface WorkerOptions {
  /** The command: `worker` unless told. */
  readonly command?: "worker" | "run" | "serve" | undefined
  readonly env: Readonly<Record<string, string>>
  readonly data_dir: string
  readonly cwd: string
  readonly descriptors_max?: number | undefined
  readonly token: string
  readonly start: Start
  /** Learns everything that the worker answers over HTTP. */
  readonly onAnswer: (text: string) => void
}

/** Starts a worker and waits until it listens. */
export const startWorker = async ({
  command = "worker",
  env,
  data_dir,
  cwd,
  descriptors_max,
  token,
  start,
  onAnswer,
}: WorkerOptions): Promise<Worker> => {
  const child = start([command], { env, cwd, descriptors_max })
  const url = await until("the address of the worker", () => addressOf(child), start_ms_max)
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const answer = await fetch(`${url}${path}`, { ...init, headers, signal: AbortSignal.timeout(30_000) })
    const text = await answer.text()
    onAnswer(text)
    return { http_status: answer.status, text }
  }
  const cache_file = `${data_dir}/cache.json`
  return {
    child,
    data_dir,
    url,
    health: async () => {
      const { http_status, text } = await ask("/health")
      return { http_status, ...(JSON.parse(text) as Omit<HealthAnswer, "http_status">) }
    },
    act: (slug, args) => ask(`/actions/${slug}`, { method: "POST", body: JSON.stringify(args) }),
    metrics: async () => (await ask("/metrics")).text,
    logs: async (text, timeout_ms) => {
      const said = () => (child.stderr().search(text) >= 0 ? true : undefined)
      await until(`"${text}" in the log of the worker`, said, timeout_ms)
    },
    cache: () => (existsSync(cache_file) ? JSON.parse(readFileSync(cache_file, "utf8")) : undefined),
  }
}

const addressOf = (child: Child): string | undefined => {
  if (!child.isRunning()) throw new Error(`the worker did not start: ${child.stderr()}`)
  return /listens on (http:\/\/[^\s;]+)/.exec(child.stderr())?.[1]
}
