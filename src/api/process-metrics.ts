/** The metrics of the process that every Prometheus client offers, under their usual names. */
import { Effect, FileSystem } from "effect"
import { lostLines } from "../core/telemetry/standard-error.ts"

interface Line {
  readonly name: string
  readonly kind: "counter" | "gauge"
  readonly help: string
  readonly value: number
}

/** Prometheus text. Open descriptors are told where the system lists them (Linux). */
export const processMetrics = (started_ms: number): Effect.Effect<string, never, FileSystem.FileSystem> =>
  Effect.map(openDescriptors, (open) => {
    const { user, system } = process.cpuUsage()
    const lines: readonly Line[] = [
      {
        name: "process_cpu_seconds_total",
        kind: "counter",
        help: "Processor time that the process has used, in user and system mode.",
        value: (user + system) / 1e6,
      },
      {
        name: "process_resident_memory_bytes",
        kind: "gauge",
        help: "Memory of the process that is in use.",
        value: process.memoryUsage.rss(),
      },
      {
        name: "process_start_time_seconds",
        kind: "gauge",
        help: "When the process began, seconds since the epoch.",
        value: started_ms / 1_000,
      },
      {
        name: "akonis_log_lines_lost_total",
        kind: "counter",
        help: "Log lines that standard error did not take.",
        value: lostLines(),
      },
      ...(open === undefined
        ? []
        : [{ name: "process_open_fds", kind: "gauge", help: "File descriptors in use.", value: open } as const]),
    ]
    return lines
      .map(({ name, kind, help, value }) => `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name} ${value}\n`)
      .join("")
  })

const openDescriptors = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  return (yield* fs.readDirectory("/proc/self/fd")).length
}).pipe(Effect.orElseSucceed(() => undefined))
