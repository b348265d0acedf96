/** What health says of plugins with actions: how Falcon answers their calls, and which plugins are there at all. */
import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { listen as listenSimulator } from "../../simulator/listen.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import { type Uses, uses } from "../../src/core/config/plugins.ts"
import { Health, type HealthReport, type Report } from "../../src/core/telemetry/health.ts"
import { plugins } from "../../src/plugins/index.ts"
import { type Mode, start } from "../../src/start.ts"
import { onRealClock, temporaryFolder } from "../support/effect.ts"
import { hostIds } from "./problems.ts"
import { type Served, withServed } from "./served.ts"

const reportOf = async ({ ask }: Served, plugin: string): Promise<Report> =>
  (await ask<HealthReport>("/health")).body.plugins[plugin]!

describe("the health of a plugin", () => {
  test("names the scope that an action lacked, until a call that needs it succeeds; lookups do not hide it", () =>
    withServed({}, async (served) => {
      const [host] = await hostIds(served, 1)
      served.simulator.addFault({ on: "api", path: "/devices/entities/devices-actions", do: { status: 403 } })
      await served.act("isolate_endpoints", { ids: [host] })
      const refused = await reportOf(served, "hosts")
      expect(refused).toMatchObject({ status: "degraded", detail: expect.stringContaining("needs Hosts: Write") })
      expect((await served.ask("/health")).status).toBe(200)
      await served.act("get_device_details", { ids: [host] })
      expect(await reportOf(served, "hosts")).toEqual(refused)
      expect((await reportOf(served, "alerts")).status).toBe("ok")
      await served.act("isolate_endpoints", { ids: [host] })
      const well = await reportOf(served, "hosts")
      expect(well).toMatchObject({ status: "ok", detail: "" })
      expect(Date.parse(well.since)).toBeGreaterThanOrEqual(Date.parse(refused.since))
    }))

  test("is degraded while the API refuses new tokens as well, until the next success", () =>
    withServed({}, async (served) => {
      const [host] = await hostIds(served, 1)
      served.simulator.addFault({
        on: "api",
        path: "/devices/entities/devices/v2",
        every: 1,
        count: 2,
        do: { status: 401 },
      })
      await served.act("get_device_details", { ids: [host] })
      expect(await reportOf(served, "hosts")).toMatchObject({
        status: "degraded",
        detail: expect.stringContaining("401"),
      })
      await served.act("get_device_details", { ids: [host] })
      expect((await reportOf(served, "hosts")).status).toBe("ok")
    }))

  test("is degraded before the first action where the credentials are wrong", () =>
    withServed(
      { simulator: { faults: [{ on: "token", every: 1, do: { status: 403, body: "{}" } }] } },
      async (served) => {
        let report = await reportOf(served, "alerts")
        for (let turn = 0; report.status === "ok" && turn < 500; turn++) {
          await Bun.sleep(10)
          report = await reportOf(served, "alerts")
        }
        expect(report).toMatchObject({ status: "degraded", detail: expect.stringContaining("client_secret") })
      },
    ))
})

describe("health holds the plugins that the process runs, and no others", () => {
  const namesIn = (mode: Mode, used: Uses) =>
    onRealClock(
      Effect.gen(function* () {
        const simulator = listenSimulator({ partitions: 1, templates: 1 })
        yield* Effect.addFinalizer(() => Effect.promise(simulator.stop))
        const { client_id, client_secret } = simulator.simulator.settings
        const env = {
          FALCON_BASE_URL: simulator.url,
          FALCON_CLIENT_ID: client_id,
          FALCON_CLIENT_SECRET: client_secret,
          SEKOIA_INTAKE_KEY: "an-intake-key",
          AKONIS_DATA_DIR: yield* temporaryFolder,
          ACTIVATE_VERTICLES_COLLECTION: "true",
        }
        const shipped = plugins.filter(({ id }) => ["event-stream", "enrichment", "alerts", "hosts"].includes(id))
        const config = yield* loadConfig({ env, plugins: shipped, uses: used })
        const { tenants } = yield* start(config, { env, mode })
        const report = yield* Effect.provide(
          Health.use((health) => health.report),
          tenants[0]!.services,
        )
        return Object.keys(report.plugins)
      }),
    )

  test.each([
    ["serve", uses.actions, ["alerts", "hosts"]],
    ["worker", uses.work, ["event-stream", "enrichment"]],
    ["run", uses.everything, ["event-stream", "enrichment", "alerts", "hosts"]],
  ] as const)("akonis %s", async (mode, used, names) => {
    expect(await namesIn(mode, used)).toEqual([...names])
  })
})
