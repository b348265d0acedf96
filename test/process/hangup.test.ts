import { expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import { listen } from "../../simulator/listen.ts"
import { endWith, start_ms_max, startAkonis } from "./child.ts"
import { until } from "./waiting.ts"

test("SIGHUP never ends a process: it reads its configuration anew, refuses one that is not right, and loses no event", async () => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-hangup-`)
  const sim = listen({ templates: 8, events_per_partition: 100, events_per_second: 100, events_max: 600 })
  const { client_id, client_secret, intake_key } = sim.simulator.settings
  const keys = { client_id, client_secret, base_url: sim.url, data_dir: `${folder}/data`, server: { port: 0 } }
  const write = (more: object) =>
    writeFileSync(
      `${folder}/akonis.yaml`,
      JSON.stringify({ ...keys, plugins: { "event-stream": { intake_key, intake_url: sim.url }, ...more } }),
    )
  write({})
  const BUN_OPTIONS = `--preload=${fileURLToPath(new URL("hangup-while-loading.ts", import.meta.url))}`
  const child = startAkonis(["run", "--config", "akonis.yaml"], { env: { BUN_OPTIONS }, cwd: folder })
  const seen = (text: string) =>
    until(`the log line: ${text}`, () => child.stderr().includes(text) || undefined, start_ms_max)
  try {
    await seen("SIGHUP while loading")
    await seen("listens on")
    await until("events", () => sim.simulator.account().total.delivered > 0 || undefined)
    write({ alerts: { enabled: false } })
    child.kill("SIGHUP")
    await seen("was read anew (SIGHUP): stopped: default/alerts")
    write({ nonsense: {} })
    child.kill("SIGHUP")
    await seen("was not read anew (SIGHUP), what is in force stays")
    await until("all events", () => sim.simulator.account().total.delivered === 600 || undefined)
    child.kill("SIGHUP")
    expect((await endWith(child, "SIGTERM")).status).toBe(0)
    expect(sim.simulator.account().total).toMatchObject({ delivered: 600, repeated: 0, out_of_order: 0 })
  } finally {
    child.kill("SIGKILL")
    await sim.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}, 240_000)
