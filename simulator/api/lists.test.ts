import { describe, expect, test } from "bun:test"
import { makeSimulator } from "../simulator.ts"
import { SdkClient, VirtualClock } from "../testing.ts"

type Entity = Readonly<Record<string, unknown>>

interface Body {
  readonly resources: readonly Entity[]
  readonly meta: { readonly pagination: Readonly<Record<string, unknown>> }
}

function start() {
  const simulator = makeSimulator({ templates: 100, alerts: 30 }, new VirtualClock())
  const client = new SdkClient("http://sim.test", simulator.fetch)
  const call = async (method: string, path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await client.request(path, { method, headers: await client.bearer(), ...sent })
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body }
  }
  return { call, simulator }
}

describe("what clients list before they look it up:", () => {
  test("prevention policies, whole or by id, filtered, sorted, in pages", async () => {
    const { call } = start()
    const query = "filter=platform_name:'Windows'&sort=name.desc"
    const whole = (await call("GET", `/policy/combined/prevention/v1?${query}`)).body
    expect(whole.resources.map(({ name }) => name)).toEqual(["Servers", "platform_default", "Kiosks à quai"])
    const ids = (await call("GET", `/policy/queries/prevention/v1?${query}&limit=2&offset=1`)).body
    expect<unknown>(ids.resources).toEqual(whole.resources.slice(1).map(({ id }) => id))
    expect(ids.meta.pagination).toEqual({ offset: 1, limit: 2, total: 3 })
  })

  test("host groups by id", async () => {
    const { call } = start()
    const whole = (await call("GET", "/devices/combined/host-groups/v1?sort=name.asc")).body
    const ids = (await call("GET", "/devices/queries/host-groups/v1?sort=name.asc")).body
    expect<unknown>(ids.resources).toEqual(whole.resources.map(({ id }) => id))
  })

  test("whole alerts, page by page until there is no `after` any more", async () => {
    const { call } = start()
    const found: Entity[] = []
    let after: unknown
    do {
      const { body } = await call("POST", "/alerts/combined/alerts/v1", { limit: 20, filter: "product:'epp'", after })
      found.push(...body.resources)
      after = body.meta.pagination.after
    } while (after !== undefined)
    const { total } = (await call("GET", "/alerts/queries/alerts/v2")).body.meta.pagination
    expect(new Set(found.map(({ composite_id }) => composite_id)).size).toBe(Number(total))
    expect((await call("POST", "/alerts/combined/alerts/v1", { limit: 1001 })).status).toBe(400)
  })

  test("the words of the indicator API", async () => {
    const { call, simulator } = start()
    for (const [name, word] of [
      ["actions", "prevent_no_ui"],
      ["ioc-types", "ipv6"],
      ["platforms", "linux"],
      ["severities", "informational"],
    ] as const) {
      const { body } = await call("GET", `/iocs/queries/${name}/v1`)
      expect<readonly unknown[]>(body.resources).toContain(word)
      expect(body.meta.pagination.total).toBe(body.resources.length)
    }
    expect(simulator.account().violations).toEqual([])
  })
})

test("a call that the simulator does not know is told apart from what Falcon does not find", async () => {
  const { call } = start()
  const unknown = await call("GET", "/discover/queries/hosts/v1")
  expect([unknown.status, unknown.headers.get("x-simulator")]).toEqual([404, "no such route"])
  const missing = await call("GET", "/devices/entities/host-groups/v1?ids=none")
  expect([missing.status, missing.headers.get("x-simulator")]).toEqual([404, null])
})
