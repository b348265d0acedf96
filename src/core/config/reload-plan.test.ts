import { describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { onRealClock } from "../../../test/support/effect.ts"
import { plugins } from "../../plugins/index.ts"
import { type Config, loadConfig } from "./load.ts"
import { answerOf, digestSecrets, planReload, withoutFixed } from "./reload-plan.ts"

const keys = { client_id: "client", client_secret: "secret-of-client", data_dir: "data" }
const stream = { intake_key: "key-of-the-intake" }
const tenant = (id: string, of_plugins: object, more: object = {}) => ({ id, plugins: of_plugins, ...more })
const only = ["event-stream", "enrichment", "alerts"]
const all = [...only, "device-assets"]
const assets = { sekoia_api_key: "key-of-the-assets", connector_uuid: "00000000-0000-4000-8000-000000000000" }

const load = (tree: object): Promise<Config> =>
  onRealClock(
    loadConfig({ given: { source: "test", tree: { ...keys, ...tree } }, env: {}, plugins }).pipe(Effect.orDie),
  )

/** What becomes of each plugin. */
const fates = async (before: object, after: object): Promise<Record<string, string>> => {
  const plan = planReload(await load(before), await load(after))
  return Object.fromEntries(
    plan.flatMap(({ tenant, plugins }) =>
      plugins.map(({ fate, enabled }) => [`${tenant.id}/${enabled.plugin.id}`, fate]),
    ),
  )
}

const of = (event_stream: object, more: object = {}) => ({ plugins: { only, "event-stream": event_stream, ...more } })

describe("a plan", () => {
  test("keeps what is the same, in whatever order it is written, and whatever the values of secrets are", async () => {
    const one = of({ ...stream, start: "newest", batch_events_max: 10 }, { only: all, "device-assets": assets })
    const other = {
      client_secret: "another-secret",
      ...of(
        { batch_events_max: 10, start: "newest", intake_key: "another-intake-key" },
        { only: all, "device-assets": { ...assets, sekoia_api_key: "another-asset-key" } },
      ),
    }
    const seen = await fates(one, other)
    expect(new Set(Object.values(seen))).toEqual(new Set(["kept"]))
    expect(Object.keys(seen)).toContain("default/event-stream")
  })

  test("puts the new secrets in place of those that are held by what is kept", async () => {
    const before = await load(of(stream))
    const after = await load({ ...of({ intake_key: "another-intake-key" }), client_secret: "another-secret" })
    const [planned] = planReload(before, after)
    expect(planned!.replaced.map(([held]) => held)).toEqual([
      before.tenants[0]!.plugins.find(({ plugin }) => plugin.id === "event-stream")!.config.intake_key,
      before.tenants[0]!.credentials.client_secret,
    ])
  })

  test("restarts the plugin whose settings changed, and no other", async () => {
    const seen = await fates(of(stream), of({ ...stream, batch_wait_ms_max: 77 }))
    expect(Object.entries(seen).filter(([, fate]) => fate !== "kept")).toEqual([["default/event-stream", "restarted"]])
  })

  test("restarts the stream when what is added to its events changes", async () => {
    const off = await fates(of(stream, { enrichment: {} }), of(stream, { only: only.toSpliced(1, 1) }))
    expect(off).toMatchObject({ "default/event-stream": "restarted", "default/enrichment": "stopped" })
    expect(off["default/alerts"]).toBe("kept")
  })

  test("restarts everything of a tenant that speaks to another API client, and nothing of the others", async () => {
    const of_client = (client_id: string) => ({
      tenants: [
        tenant("acme", { only, "event-stream": stream }, { client_id }),
        tenant("bolt", { "event-stream": stream }),
      ],
    })
    const seen = Object.entries(await fates(of_client("one"), of_client("two")))
    expect(new Set(seen.flatMap(([name, fate]) => (name.startsWith("acme/") ? [fate] : [])))).toEqual(
      new Set(["restarted"]),
    )
    expect(new Set(seen.flatMap(([name, fate]) => (name.startsWith("bolt/") ? [fate] : [])))).toEqual(new Set(["kept"]))
  })

  test("starts and stops what comes and goes with a tenant; a single tenant that becomes one of several has another folder, and so is another one", async () => {
    const seen = await fates(of(stream), {
      tenants: [tenant("default", { only: ["event-stream"], "event-stream": stream })],
    })
    expect(seen["default/alerts"]).toBe("stopped")
    const plan = planReload(
      await load(of(stream)),
      await load({ tenants: [tenant("default", { "event-stream": stream })] }),
    )
    expect(plan.map(({ fate, tenant }) => [fate, tenant.data_dir])).toEqual([
      ["added", "data/default"],
      ["removed", "data"],
    ])
  })
})

describe("what needs a restart", () => {
  test("is named, and stays as it is while everything else changes", async () => {
    const now = await load({ ...of(stream), stix_dir: "stix", log: { level: "info" } })
    const next = await load({
      tenants: [tenant("acme", { "event-stream": stream })],
      data_dir: "elsewhere",
      proxy: "http://proxy.test:3128",
      log: { level: "debug" },
      server: { port: 9_999, read_only: true },
    })
    const { config, needs_restart } = withoutFixed(now, next)
    expect(needs_restart).toEqual(["proxy", "data_dir", "stix_dir", "log.level", "server.port"])
    const { proxy, data_dir, stix_dir, log, server, tenants } = config
    expect({ proxy, data_dir, stix_dir, log }).toEqual({
      proxy: undefined,
      data_dir: "data",
      stix_dir: "stix",
      log: { level: "info", format: "pretty" },
    })
    expect(server).toMatchObject({ port: 8_080, read_only: true })
    expect(tenants.map((one) => [one.id, one.data_dir, one.stix_dir])).toEqual([["acme", "data/acme", "stix/acme"]])
  })

  test("are no other headers of traces: they take the place of the old ones, and are named as a secret that has another value", async () => {
    const of_headers = (headers: string) => load({ ...of(stream), traces: { endpoint: "http://collector", headers } })
    const [now, next] = [await of_headers("x-key=one-key-000"), await of_headers("x-key=another-key-000")]
    const { config, needs_restart, replaced } = withoutFixed(now, next)
    expect(needs_restart).toEqual([])
    expect(replaced).toEqual([[now.traces.headers!, next.traces.headers!]])
    expect(config.traces.headers).toBe(now.traces.headers!)
    const digests = [digestSecrets(now), digestSecrets(config, replaced), digestSecrets(next)]
    const [before, after, whole] = await onRealClock(Effect.all(digests))
    expect(answerOf([], now, config, [before!, after!], []).rotated).toEqual(["traces: headers"])
    expect(after!).toEqual(whole!)
  })
})
