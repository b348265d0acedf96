import { describe, expect, test } from "bun:test"
import { company, world } from "../events/world.ts"
import type { SimulatorOptions } from "../options.ts"
import { makeSimulator } from "../simulator.ts"
import { SdkClient, VirtualClock } from "../testing.ts"
import type { ApiState } from "./state.ts"

interface Body {
  readonly meta: { readonly pagination: Readonly<Record<string, unknown>>; readonly writes?: unknown }
  readonly errors: readonly { readonly code: number; readonly message: string; readonly id?: string }[]
  readonly resources: readonly never[]
}

function start(options: SimulatorOptions = {}) {
  const simulator = makeSimulator({ templates: 40, ...options }, new VirtualClock())
  const client = new SdkClient("http://sim.test", simulator.fetch)
  const call = async (method: string, path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await client.request(path, { method, headers: await client.bearer(), ...sent })
    const text = await response.text()
    return { status: response.status, text, body: (text === "" ? undefined : JSON.parse(text)) as Body }
  }
  const alerts = async () => ((await (await client.request("/_sim/api")).json()) as ApiState).alerts
  return { client, call, alerts }
}

test("the scheme of a bearer token is read in any case, as PSFalcon and falconjs write it", async () => {
  const { client } = start()
  const { authorization } = await client.bearer()
  for (const scheme of ["bearer", "Bearer", "BEARER"]) {
    const headers = { authorization: `${scheme} ${authorization.split(" ")[1]}` }
    expect((await client.request("/devices/queries/devices/v1", { headers })).status).toBe(200)
    expect((await client.request("/sensors/entities/datafeed/v2?appId=a", { headers })).status).toBe(200)
  }
})

describe("hosts", () => {
  test("are listed by position, with the offset of the next page, up to the first 10 000", async () => {
    const { call } = start({ hosts: 5 })
    const path = "/devices/queries/devices/v1?limit=3"
    const first = await call("GET", path)
    expect(first.body.meta.pagination).toEqual({ offset: 3, limit: 3, total: 5 })
    const second = await call("GET", `${path}&offset=3`)
    expect(second.body.meta.pagination).toEqual({ offset: 5, limit: 3, total: 5 })
    expect(new Set([...first.body.resources, ...second.body.resources]).size).toBe(5)
    expect((await call("GET", `${path}&offset=9998`)).status).toBe(400)
    expect((await call("GET", "/devices/queries/devices/v1?limit=5001")).status).toBe(400)
  })

  test("are looked up with ids in the URL as with ids in a body, a hundred at most", async () => {
    const { call } = start({ hosts: 3 })
    const { resources: ids } = (await call("GET", "/devices/queries/devices/v1")).body
    const path = `/devices/entities/devices/v2?${ids.map((id) => `ids=${id}`).join("&")}`
    const posted = await call("POST", "/devices/entities/devices/v2", { ids })
    expect((await call("GET", path)).body.resources).toEqual(posted.body.resources)
    const many = Array.from({ length: 101 }, (_, index) => `ids=${index}`).join("&")
    expect((await call("GET", `/devices/entities/devices/v2?${many}`)).status).toBe(400)
  })

  test("are in groups, which are looked up by id", async () => {
    const { call } = start()
    const [one, other] = world.host_groups
    const found = await call("GET", `/devices/entities/host-groups/v1?ids=${one!.id}&ids=${other!.id}&ids=none`)
    expect(found.body.resources).toMatchObject([{ id: one!.id }, { id: other!.id }] as never[])
    expect(found.body.errors).toMatchObject([{ code: 404, id: "none" }])
    expect((await call("GET", "/devices/entities/host-groups/v1?ids=none")).status).toBe(404)
  })
})

describe("alerts", () => {
  const search = "/alerts/queries/alerts/v2"
  const lookup = "/alerts/entities/alerts/v2"
  const change = "/alerts/entities/alerts/v3"

  test("are searched by filter and word, sorted, in pages that echo their offset", async () => {
    const { call } = start({ alerts: 20 })
    const all = (await call("GET", `${search}?limit=10000&sort=severity|desc`)).body
    expect(all.resources.length).toBeGreaterThanOrEqual(20)
    const { resources } = (await call("POST", lookup, { composite_ids: all.resources })).body
    const severities = resources.map(({ severity }) => severity)
    expect(severities).toEqual([...severities].sort((one, other) => other - one))
    const page = (await call("GET", `${search}?limit=2&offset=4&sort=severity|desc`)).body
    expect(page.resources).toEqual(all.resources.slice(4, 6))
    expect(page.meta.pagination).toMatchObject({ offset: 4, limit: 2 })
    const word = (resources[0] as unknown as { readonly composite_id: string }).composite_id.slice(-20)
    expect((await call("GET", `${search}?q=${word}`)).body.resources).toEqual([all.resources[0]!])
    expect((await call("GET", `${search}?limit=10000&offset=1`)).status).toBe(400)
  })

  test("tell of the detections of the event streams, which are looked up by the ids that a search gives", async () => {
    const { call } = start({ alerts: 0, templates: 200 })
    const { resources } = (await call("GET", `${search}?limit=10000`)).body
    expect(resources.length).toBeGreaterThan(10)
    const found = await call("POST", lookup, { composite_ids: resources })
    expect(found.body.resources.length).toBe(resources.length)
  })

  test("are answered with 413 above a thousand ids, in both calls", async () => {
    const { call } = start()
    const composite_ids = Array.from({ length: 1001 }, (_, index) => String(index))
    expect((await call("POST", lookup, { composite_ids })).status).toBe(413)
    expect((await call("PATCH", change, { composite_ids, action_parameters: [] })).status).toBe(413)
  })

  test("are changed by every parameter that Falcon documents, tags removed before others are added", async () => {
    const { call, alerts } = start()
    const [id] = Object.keys(await alerts())
    const uuids = (await call("GET", "/user-management/queries/users/v1")).body.resources
    const users = (await call("POST", "/user-management/entities/users/GET/v1", { ids: uuids })).body.resources
    const person = users[0]! as Readonly<Record<string, string>>
    const apply = (...parameters: (readonly [string, unknown])[]) =>
      call("PATCH", change, {
        composite_ids: [id],
        action_parameters: parameters.map(([name, value]) => ({ name, value })),
      })
    const alert = async () => (await call("POST", lookup, { composite_ids: [id] })).body.resources[0]

    const done = await apply(["update_status", "in_progress"], ["append_comment", "seen"], ["add_tag", "a/1"])
    expect(done).toMatchObject({ status: 200, body: { meta: { writes: { resources_affected: 1 } } } })
    expect(done.body).not.toHaveProperty("resources")
    expect(await alert()).toMatchObject({ status: "in_progress", comments: [{ value: "seen" }], tags: ["a/1"] })

    await apply(["add_tag", "a/2"], ["add_tag", "b"], ["remove_tags_by_prefix", "a/"], ["remove_tag", "b"])
    expect(await alert()).toMatchObject({ tags: ["a/2", "b"] })

    for (const [name, value] of [
      ["assign_to_uuid", person.uuid],
      ["assign_to_user_id", person.uid],
      ["assign_to_name", [person.first_name, person.last_name].filter((part) => part !== null).join(" ")],
    ] as const) {
      expect((await apply([name, value])).status).toBe(200)
      expect(await alert()).toMatchObject({ assigned_to_uuid: person.uuid, assigned_to_uid: person.uid })
      expect((await apply(["unassign", ""])).status).toBe(200)
      expect(await alert()).toMatchObject({ assigned_to_uuid: null, assigned_to_name: null })
    }

    await apply(["show_in_ui", "false"])
    expect((await call("POST", `${lookup}?include_hidden=false`, { composite_ids: [id] })).body.resources).toEqual([])
    expect(await alert()).toMatchObject({ show_in_ui: false })
  })

  test.each([
    ["an unknown name", [{ name: "close", value: "x" }]],
    ["an unknown status", [{ name: "update_status", value: "done" }]],
    ["a boolean in place of a text", [{ name: "show_in_ui", value: true }]],
    ["a user that does not exist", [{ name: "assign_to_uuid", value: "nobody" }]],
    [
      "two assignments at once",
      [
        { name: "assign_to_name", value: "x" },
        { name: "unassign", value: "" },
      ],
    ],
    ["nothing at all", []],
  ])("are not changed by %s: 400", async (_, action_parameters) => {
    const { call, alerts } = start()
    const before = await alerts()
    const composite_ids = Object.keys(before)
    expect((await call("PATCH", change, { composite_ids, action_parameters })).status).toBe(400)
    expect(await alerts()).toEqual(before)
  })

  test("count those that were changed beside an error for each that does not exist", async () => {
    const { call, alerts } = start()
    const composite_ids = [...Object.keys(await alerts()).slice(0, 2), "none"]
    const { status, body } = await call("PATCH", change, {
      composite_ids,
      action_parameters: [{ name: "add_tag", value: "x" }],
    })
    expect(status).toBe(200)
    expect(body.meta.writes).toEqual({ resources_affected: 2 })
    expect(body.errors).toMatchObject([{ code: 404, id: "none" }])
  })
})

describe("what CrowdStrike withdrew answers as it does today:", () => {
  test.each(["/incidents/queries/incidents/v1", "/incidents/entities/incidents/GET/v1", "/incidents/anything/v1"])(
    "%s with 404 and an empty body",
    async (path) => {
      const { call } = start()
      expect(await call("POST", path, { ids: ["inc:a:b"] })).toMatchObject({ status: 404, text: "" })
    },
  )

  test.each(["/detects/queries/detects/v1", "/detects/entities/summaries/GET/v1"])(
    "%s with 404 and a message",
    async (path) => {
      const { call } = start()
      const { status, body } = await call("POST", path, { ids: ["ldt:a:1"] })
      expect([status, body.errors[0]?.message]).toEqual([404, expect.stringContaining("decommissioned")])
    },
  )

  test("the first version of the alert search with 400", async () => {
    const { call } = start()
    expect((await call("GET", "/alerts/queries/alerts/v1")).status).toBe(400)
  })
})

describe("vertices", () => {
  test("are served by both versions of the call alike, sensors by ids in three parts", async () => {
    const { call } = start()
    const { agent_id } = world.hosts[0]!
    const source = `pid:${agent_id}:123456789012`
    const edges = await call("GET", `/threatgraph/combined/edges/v1?ids=${source}&edge_type=associated_with_sensor`)
    const id = `aid:${agent_id}:${agent_id}`
    expect(edges.body.resources).toEqual([
      { edge_type: "associated_with_sensor", id, source_vertex_id: source },
    ] as never)
    for (const version of ["v1", "v2"]) {
      const found = await call("GET", `/threatgraph/entities/devices/${version}?ids=${id}&scope=device`)
      expect(found.body.resources).toMatchObject([{ id, device_id: agent_id, customer_id: company.cid }] as never[])
    }
  })
})
