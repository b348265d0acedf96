/** `bun run bench:binary`: size of the executable, time from start to listening, memory while idle. */
import { statSync } from "node:fs"
import { memoryMb, say, simulate, spread, withFolder, workerEnv } from "./support.ts"

const binary = "dist/akonis"
const starts = 10
const idle_s = 10

/** Milliseconds from the start of the process to its first answer. */
const startMs = (url: string, port: number): Promise<number> =>
  withFolder(async (folder) => {
    const env = { ...workerEnv(url, folder), AKONIS_PORT: String(port) }
    const began = performance.now()
    const child = Bun.spawn([binary, "serve"], { env, stdout: "ignore", stderr: "ignore" })
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}/health/live`).catch(() => undefined)
      if (answer?.ok) break
      if (performance.now() - began > 10_000) throw new Error("akonis did not start")
      await Bun.sleep(1)
    }
    const took = performance.now() - began
    child.kill("SIGKILL")
    await child.exited
    return took
  })

const versionMs = (): number => {
  const began = performance.now()
  Bun.spawnSync([binary, "--version"])
  return performance.now() - began
}

const simulated = await simulate({ partitions: 1, events_per_partition: 1 })
say(`size                ${(statSync(binary).size / 1e6).toFixed(1)} MB`)
say(`--version           ${spread(Array.from({ length: starts }, versionMs), 0)} ms`)
const times: number[] = []
for (let i = 0; i < starts; i++) times.push(await startMs(simulated.url, 18_080 + i))
say(`start to listening  ${spread(times, 0)} ms`)
await withFolder(async (folder) => {
  const child = Bun.spawn([binary, "worker"], {
    env: workerEnv(simulated.url, folder),
    stdout: "ignore",
    stderr: "inherit",
  })
  await Bun.sleep(idle_s * 1_000)
  say(
    `idle memory         ${memoryMb(child, "VmRSS").toFixed(0)} MB resident, ${memoryMb(child, "RssAnon").toFixed(0)} MB of it anonymous`,
  )
  child.kill("SIGTERM")
  await child.exited
})
await simulated.stop()
