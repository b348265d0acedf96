/** `bun run bench:binary`: size of the executable, how fast it starts, what it holds in memory while nothing comes. */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { table } from "../src/cli/table.ts"
import { freePort } from "./free-port.ts"
import { memory, requireLinux } from "./proc.ts"
import { environment, executable, startSimulator, startSubject } from "./processes.ts"
import { spread } from "./statistics.ts"

const starts = 20
const idle_s = 10
const patience_ms = 10_000

/** From the start of the process to its first answer on `GET /health/live`. */
async function startMs(simulator_url: string): Promise<number> {
  const folder = mkdtempSync(`${tmpdir()}/akonis-bench-`)
  const port = await freePort()
  const env = { ...environment(simulator_url, folder), AKONIS_PORT: String(port) }
  const began_ms = performance.now()
  const child = Bun.spawn([executable, "serve"], { cwd: folder, env, stdout: "ignore", stderr: "inherit" })
  try {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}/health/live`).catch(() => undefined)
      if (answer?.ok) return performance.now() - began_ms
      if (performance.now() - began_ms > patience_ms) throw new Error("it did not start")
      await Bun.sleep(1)
    }
  } finally {
    child.kill()
    await child.exited
    rmSync(folder, { recursive: true, force: true })
  }
}

function versionMs(): number {
  const began_ms = performance.now()
  const { exitCode } = Bun.spawnSync([executable, "--version"])
  if (exitCode !== 0) throw new Error("--version failed")
  return performance.now() - began_ms
}

requireLinux()
if (!existsSync(executable)) {
  process.stderr.write("dist/akonis is missing: bun run build\n")
  process.exit(2)
}
const simulator = await startSimulator({ partitions: 1, events_per_partition: 1 })
const versions = Array.from({ length: starts }, versionMs)
const times: number[] = []
for (let i = 0; i < starts; i++) times.push(await startMs(simulator.url))
const worker = startSubject("binary", simulator.url)
await Bun.sleep(idle_s * 1_000)
worker.assertAlive()
const { rss_mb, anonymous_mb, peak_mb } = memory(worker.pid)
await worker.stop()
await simulator.stop()
const rows = [
  ["size", `${(statSync(executable).size / 1e6).toFixed(1)} MB`],
  ["--version", `${spread(versions, 0)} ms, median (min–max) of ${starts}`],
  ["start of `serve` to first answer", `${spread(times, 0)} ms, median (min–max) of ${starts}`],
  [
    `memory of \`worker\` after ${idle_s} s idle`,
    `${rss_mb.toFixed(0)} MB, anonymous ${anonymous_mb.toFixed(0)} MB, at most ${peak_mb.toFixed(0)} MB`,
  ],
]
process.stdout.write(`${table(rows)}\n`)
process.exit(0)
