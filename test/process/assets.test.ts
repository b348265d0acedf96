import { describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { Random } from "../../simulator/events/random.ts"
import { type AssetAccount, yaml } from "../assets/support.ts"
import { endWith } from "./child.ts"
import { withLab } from "./harness.ts"
import { until } from "./waiting.ts"

const timeout_ms = 900_000

describe("a worker that is killed again and again while it sends an inventory", () => {
  test.concurrent(
    "has sent every host in the end, and repeats at most the batch in flight after each kill",
    () =>
      withLab(async (lab) => {
        const kills = 4
        const hosts = 6_000
        const random = new Random(11)
        const simulated = await lab.simulate({
          events_per_partition: 0,
          hosts: 0,
          fleet: hosts,
          faults: [{ on: "assets", until_ms: 1e9, do: { slow: { delay_ms: 40 } } }],
        })
        const taken = async () => (await (await fetch(`${simulated.url}/_sim/assets`)).json()) as AssetAccount
        const reached = (items: number) =>
          until(`${items} hosts`, async () => ((await taken()).distinct >= items ? true : undefined), 60_000)
        const data_dir = lab.folder()
        const file = `${lab.folder()}/akonis.yaml`
        writeFileSync(file, yaml("device-assets").replace("http://falcon.test", simulated.url))
        const start = () => lab.work(simulated, { data_dir, env: { AKONIS_CONFIG: file } })

        for (let kill = 1; kill <= kills; kill++) {
          const worker = await start()
          await reached(((kill - 1) * hosts) / (kills + 1) + 100)
          await Bun.sleep(random.int(0, 300))
          await endWith(worker.child, "SIGKILL")
        }
        const last = await start()
        await reached(hosts)
        await last.logs("hosts read")
        expect(await last.health()).toMatchObject({ http_status: 200, status: "ok" })
        expect(await last.metrics()).toMatch(/^akonis_assets_known\{[^}]*plugin="device-assets"[^}]*\} 6000$/m)
        const { status } = await endWith(last.child, "SIGTERM")
        expect(status).toBe(0)

        const { accepted, distinct, repeated, hosts: found } = await taken()
        expect({ distinct, missing: found.missing }).toEqual({ distinct: hosts, missing: 0 })
        expect(repeated).toBeLessThanOrEqual(kills * 100)
        expect(accepted).toBe(distinct + repeated)
        expect(JSON.parse(readFileSync(`${data_dir}/context.json`, "utf8")).most_recent_device_id).toMatch(
          /^[0-9a-f]{32}$/,
        )
      }),
    timeout_ms,
  )
})
