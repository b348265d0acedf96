import { describe, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import type { AssetAccount } from "../assets/support.ts"
import { json, type Live, until, withLive } from "./live.ts"
import { run_token } from "./stand-in.ts"

const uuid = "11111111-2222-4333-8444-555555555555"
const configuration_token = "configuration-token-51c3"
const sekoia_api_key = "simulated-sekoia-key"
const fleet = { simulator: { hosts: 0, fleet: 250 }, platform: { tokens: [run_token, configuration_token] } }

const taken = async ({ falcon }: Live) => (await (await fetch(`${falcon.url}/_sim/assets`)).json()) as AssetAccount

const argumentsFor = ({ sekoia_url }: Live) => ({
  asset_connector_uuid: uuid,
  connector_configuration_token: configuration_token,
  sekoia_base_url: sekoia_url,
  sekoia_api_key,
  batch_size: 100,
})

const calls = ({ platform }: Live, path: RegExp) => platform.calls.filter((call) => path.test(call.path))

describe("an asset connector", () => {
  test("keeps hosts in the inventory of its configuration, from the first cycle on", () =>
    withLive(fleet, async (live) => {
      const { stop } = live.start("crowdstrike_falcon_device_asset_connector", {
        connector_configuration_uuid: uuid,
        connector_configuration: { sekoia_api_key, sekoia_base_url: live.sekoia_url, frequency: 60, batch_size: 50 },
      })
      const context = `${live.data}/context.json`
      await until("all hosts", async () => (await taken(live)).distinct === 250)
      await until("a position", () => existsSync(context) && "most_recent_device_id" in json(context))
      await stop()
      expect(await taken(live)).toMatchObject({
        accepted: 250,
        repeated: 0,
        batch_items_max: 50,
        hosts: { missing: 0 },
      })
      expect(live.platform.complaints).toEqual([])
    }))

  test("of users runs as well", () =>
    withLive({ ...fleet, simulator: { console_users: 7 } }, async (live) => {
      live.start("crowdstrike_falcon_user_asset_connector", {
        connector_configuration_uuid: uuid,
        connector_configuration: { sekoia_api_key, sekoia_base_url: live.sekoia_url },
      })
      await until("all users", async () => (await taken(live)).distinct === 7)
    }))
})

describe("an on-premise runner", () => {
  test.each(["crowdstrike_falcon_device_assets_on_premise", "crowdstrike_falcon_device_asset_connector"])(
    "collects by the action %s: one cycle, counted, its log lines with the configuration's own token",
    (docker_parameters) =>
      withLive(fleet, async (live) => {
        const exit = await live.start(docker_parameters, { arguments: argumentsFor(live) }).ended
        expect(exit._tag).toBe("Success")
        expect(live.platform.end()?.results).toEqual({
          fetched: 250,
          pushed_batches: 3,
          failed_batches: 0,
          has_more: false,
        })
        expect((await taken(live)).distinct).toBe(250)
        const logs = calls(live, /\/api\/v1\/symphony\/connector-configurations\/.*\/logs$/)
        expect(logs.length).toBeGreaterThan(0)
        expect(live.platform.complaints).toEqual([])
        expect(existsSync(`${live.data}/context.json`)).toBe(true)

        await live.start(docker_parameters, { arguments: argumentsFor(live) }).ended
        expect(live.platform.end()?.results).toMatchObject({ pushed_batches: 0, has_more: false })
      }),
  )

  test("that is stopped asks to be run again, and goes on from there", () =>
    withLive({ ...fleet, simulator: { hosts: 0, fleet: 700 } }, async (live) => {
      const action = "crowdstrike_falcon_device_assets_on_premise"
      live.falcon.simulator.addFault({ on: "assets", every: 1, do: { slow: { delay_ms: 30 } } })
      const { stop } = live.start(action, { arguments: argumentsFor(live) })
      await until("a first batch", async () => (await taken(live)).distinct > 0)
      await stop()
      const first = live.platform.end()?.results as { readonly pushed_batches: number }
      expect(first).toMatchObject({ failed_batches: 0, has_more: true })
      expect((await taken(live)).distinct).toBeLessThan(700)
      await live.start(action, { arguments: argumentsFor(live) }).ended
      expect(live.platform.end()?.results).toMatchObject({ has_more: false })
      expect((await taken(live)).distinct).toBe(700)
    }))

  test("is told what a person has to change", () =>
    withLive(fleet, async (live) => {
      live.falcon.simulator.addFault({ on: "assets", do: { status: 401, body: '{"message":"invalid API key"}' } })
      await live.start("crowdstrike_falcon_device_assets_on_premise", { arguments: argumentsFor(live) }).ended
      expect(live.platform.end()?.error).toContain("401")
      const { asset_connector_uuid: _, ...without } = argumentsFor(live)
      await live.start("crowdstrike_falcon_device_assets_on_premise", { arguments: without }).ended
      expect(live.platform.end()?.error).toContain("asset_connector_uuid")
    }))
})
