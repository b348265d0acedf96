/** The product as a child process: from source, by the bun that runs this, or compiled. Whatever it prints is kept. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { compiled } from "../support/compiled.ts"
import { within } from "./waiting.ts"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

/** How a process ended: its exit status, or 128 and the signal's number. */
export type Status = number

/** A process starts within a second; on a machine that builds at the same time it may take many. */
export const start_ms_max = 120_000

export interface Child {
  readonly pid: number
  readonly stdout: () => Buffer
  readonly stderr: () => string
  /** Resolves when the process is gone and everything it printed has been read. */
  readonly ended: Promise<Status>
  readonly isRunning: () => boolean
  readonly kill: (signal: NodeJS.Signals) => void
  /** The most memory it ever held (VmHWM), as far as it was looked at; 0 where the system does not tell. */
  readonly peakMb: () => number
}

interface ChildOptions {
  /** The whole environment, but for what bun itself needs: nothing of the caller's leaks into a test. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** The most file descriptors that it may have. */
  readonly descriptors_max?: number | undefined
}

const peak_interval_ms = 250
const alive = new Set<Child>()
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL")
})
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1))

/** Starts `akonis ...args`. */
export type Start = (args: readonly string[], options: ChildOptions) => Child

/** From source: `bun` needs a home and a path. */
export const startAkonis: Start = (args, { env, ...options }) => {
  const { PATH = "", HOME = options.cwd } = process.env
  return startProcess([process.execPath, main, ...args], { env: { PATH, HOME, ...env }, ...options })
}

/** The executable, which starts eight times as fast and gets exactly the variables that are given. */
export const startCompiled: Start = (args, options) => startProcess([compiled(), ...args], options)

const startProcess = (command: readonly string[], { env, cwd, descriptors_max }: ChildOptions): Child => {
  const limited = ["sh", "-c", `ulimit -n ${descriptors_max} && exec "$@"`, "sh", ...command]
  const process_ = Bun.spawn(descriptors_max === undefined ? [...command] : limited, {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const stdout = collect(process_.stdout)
  const stderr = collect(process_.stderr)
  let peak_mb = 0
  const look = () => {
    peak_mb = Math.max(peak_mb, readPeakMb(process_.pid))
  }
  const looking = setInterval(look, peak_interval_ms)
  const child: Child = {
    pid: process_.pid,
    stdout: stdout.bytes,
    stderr: () => stderr.bytes().toString(),
    ended: Promise.all([process_.exited, stdout.finished, stderr.finished]).then(([status]) => {
      clearInterval(looking)
      alive.delete(child)
      return status
    }),
    isRunning: () => process_.exitCode === null && process_.signalCode === null,
    kill: (signal) => {
      look()
      process_.kill(signal)
    },
    peakMb: () => {
      look()
      return peak_mb
    },
  }
  alive.add(child)
  return child
}

/** Sends a signal and waits until the process is gone. Answers its status and how long that took. */
export const endWith = async (child: Child, signal: NodeJS.Signals, timeout_ms = 20_000) => {
  const began_ms = performance.now()
  child.kill(signal)
  const status = await within(`the end of the process after ${signal}`, child.ended, timeout_ms)
  return { status, took_ms: Math.round(performance.now() - began_ms) }
}

const collect = (stream: ReadableStream<Uint8Array>) => {
  const chunks: Uint8Array[] = []
  const read = async () => {
    for await (const chunk of stream) chunks.push(chunk)
  }
  return { bytes: () => Buffer.concat(chunks), finished: read() }
}

const readPeakMb = (pid: number): number => {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
    return Math.round(Number(kilobytes ?? 0) / 1_024)
  } catch {
    return 0
  }
}
