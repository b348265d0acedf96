import { describe, expect, test } from "bun:test"
import type { SimulatorOptions } from "../options.ts"
import { makeSimulator } from "../simulator.ts"
import { SdkClient, VirtualClock } from "../testing.ts"
import { Fleet } from "./fleet.ts"

const url = "http://sim.test"
const combined = "/devices/combined/devices/v1"
const scroll = "/devices/queries/devices-scroll/v1"
const connector = "/api/v2/asset-management/asset-connector/00000000-0000-4000-8000-000000000001"

interface Body {
  readonly resources: readonly Record<string, unknown>[]
  readonly errors: readonly { readonly code: number; readonly message: string }[]
  readonly meta: { readonly pagination: Readonly<Record<string, unknown>> }
}

interface GraphqlBody {
  readonly data: {
    readonly entities: { readonly nodes: readonly unknown[]; readonly pageInfo: { readonly endCursor: string } }
  }
  readonly extensions: unknown
}

function start(options: SimulatorOptions = {}) {
  const clock = new VirtualClock()
  const simulator = makeSimulator({ templates: 8, events_per_partition: 0, hosts: 0, ...options }, clock)
  const client = new SdkClient(url, simulator.fetch)
  const call = async (method: string, path: string, body?: unknown) => {
    const headers = await client.bearer()
    const response = await client.request(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Body }
  }
  const post = async (body: unknown, key = "simulated-sekoia-key") => {
    const headers = { authorization: `Bearer ${key}` }
    const response = await client.request(connector, { method: "POST", headers, body: JSON.stringify(body) })
    return response.status
  }
  const steer = async (body: unknown) =>
    (await client.request("/_sim/assets", { method: "POST", body: JSON.stringify(body) })).json()
  return { clock, simulator, call, post, steer }
}

const enc = encodeURIComponent

describe("the fleet", () => {
  test("gives every host an id of its own, by which it is found without a table", () => {
    const fleet = new Fleet(42, 50_000, new Set(), 0)
    const ids = new Set(Array.from({ length: 50_000 }, (_, index) => fleet.id(index)))
    expect(ids.size).toBe(50_000)
    for (const index of [0, 1, 777, 49_999]) {
      expect(fleet.id(index)).toMatch(/^[0-9a-f]{32}$/)
      expect(fleet.indexOf(fleet.id(index))).toBe(index)
    }
    expect([fleet.indexOf("0".repeat(32)), fleet.indexOf("nonsense"), fleet.indexOf(fleet.id(50_000))]).toEqual([
      -1, -1, -1,
    ])
  })

  test("is the same for the same seed, and another for another", () => {
    const of = (seed: number) => new Fleet(seed, 10, new Set(), 0).entity(3)
    expect(of(1)).toEqual(of(1))
    expect(of(1).device_id).not.toBe(of(2).device_id)
  })

  test("is changed, grows and shrinks by hand", async () => {
    const { call, steer, clock } = start({ fleet: 100 })
    await clock.advance(60_000)
    await steer({ fleet: { change: 5, add: 3, remove: 2 } })
    const since = enc(`modified_timestamp:>='${new Date(clock.now()).toISOString()}'`)
    const { body } = await call("GET", `${combined}?filter=${since}&limit=100`)
    expect(body.resources.length).toBe(8)
    expect((await call("GET", scroll)).body.meta.pagination.total).toBe(101)
  })
})

describe("hosts in pages", () => {
  test("are linked by `next`, in the order asked for, and do not shift when a host changes in between", async () => {
    const { call, steer } = start({ fleet: 25 })
    const query = `${combined}?sort=modified_timestamp.asc&limit=10`
    const first = (await call("GET", query)).body
    await steer({ fleet: { change: 5, add: 5 } })
    const second = (await call("GET", `${query}&offset=${first.meta.pagination.next}`)).body
    const third = (await call("GET", `${query}&offset=${second.meta.pagination.next}`)).body
    expect(third.meta.pagination).toMatchObject({ total: 25, next: "" })
    const ids = [first, second, third].flatMap(({ resources }) => resources.map(({ device_id }) => device_id))
    expect(new Set(ids).size).toBe(25)
    const times = first.resources.map(({ modified_timestamp }) => String(modified_timestamp))
    expect(times).toEqual([...times].sort())
  })

  test.each([combined, scroll])(
    "of %s cannot be asked for after two minutes, nor more than 10 000 at once",
    async (path) => {
      const { call, clock } = start({ fleet: 25 })
      const { offset } = (await call("GET", `${path}?limit=10`)).body.meta.pagination
      await clock.advance(120_000)
      expect(await call("GET", `${path}?limit=10&offset=${offset}`)).toMatchObject({
        status: 400,
        body: { errors: [{ message: "invalid or expired offset" }] },
      })
      expect((await call("GET", `${path}?limit=10001`)).status).toBe(400)
    },
  )

  test.each([
    ["modified_timestamp:>='2027-01-01T00:00:00Z'", 0],
    ["modified_timestamp:<'2027-01-01T00:00:00Z'", 30],
    ["platform_name:'Linux'+modified_timestamp:>'2020-01-01T00:00:00Z'", undefined],
    ["nonsense", "refused"],
    ["modified_timestamp:!>'2020-01-01T00:00:00Z'", "refused"],
  ])("are filtered by %s", async (filter, expected) => {
    const { call } = start({ fleet: 30 })
    const { status, body } = await call("GET", `${combined}?filter=${enc(filter)}`)
    if (expected === "refused") return expect(status).toBe(400)
    if (expected !== undefined) return expect(body.meta.pagination.total).toBe(expected)
    expect(body.resources.length).toBeGreaterThan(0)
    expect(new Set(body.resources.map(({ platform_name }) => platform_name))).toEqual(new Set(["Linux"]))
  })

  test("are looked up by id, hidden or not, with an error for each that is unknown", async () => {
    const { call } = start({ fleet: 3 })
    const id = (await call("GET", scroll)).body.resources[0]
    const { body } = await call("POST", "/devices/entities/devices/v2", { ids: [id, "0".repeat(32)] })
    expect(body.resources).toMatchObject([{ device_id: id }])
    expect(body.errors).toMatchObject([{ code: 404, id: "0".repeat(32) }])
  })
})

describe("users", () => {
  test("of the console are listed with the offset echoed, and looked up", async () => {
    const { call, simulator } = start({ console_users: 12 })
    const { resources, meta } = (await call("GET", "/user-management/queries/users/v1?limit=5&offset=10")).body
    expect(meta.pagination).toEqual({ offset: 10, limit: 5, total: 12 })
    const found = await call("POST", "/user-management/entities/users/GET/v1", { ids: [...resources, "unknown"] })
    expect(found.body.resources.map(({ uuid }) => uuid)).toEqual([...resources] as never)
    await call("GET", "/user-management/queries/users/v1?sort=created_at.desc&limit=501")
    expect(simulator.account().violations.map(({ what }) => what)).toEqual([
      expect.stringContaining("limit: 501 is not between 1 and 500"),
      expect.stringContaining("sort: created_at.desc is unknown"),
    ])
  })

  const by_variables =
    "query ($first: Int, $after: Cursor) { entities(types: [USER], first: $first, after: $after) { pageInfo { endCursor } } }"

  test("of Identity Protection are asked for with arguments in the query as with variables", async () => {
    const { call } = start({ identities: 5 })
    const ask = async (inside: string, variables?: unknown, head = "") => {
      const query = `${head} { entities(${inside}) { pageInfo { hasNextPage endCursor } nodes { entityId } } }`
      const { body } = await call("POST", "/identity-protection/combined/graphql/v1", { query, variables })
      return body as unknown as GraphqlBody & { readonly errors?: unknown }
    }
    const first = await ask("types: [USER]\n sortKey: PRIMARY_DISPLAY_NAME\n sortOrder: ASCENDING\n first: 3\n ")
    expect(first.data.entities.nodes.length).toBe(3)
    const { endCursor } = first.data.entities.pageInfo
    const second = await ask(`types: [USER], first: 3, after: "${endCursor}"`)
    expect(second.data.entities.nodes.length).toBe(2)
    const named = await ask("types: $t, first: $n", { t: ["USER"] }, "query q($t: [EntityType!], $n: Int = 4)")
    expect(named.data.entities.nodes.length).toBe(4)
    for (const inside of ["types: [ENDPOINT]", "types: [USER], riskFactors: [X]", "types: [USER], first", "first: 3"]) {
      expect(await ask(inside)).toMatchObject({ data: null, errors: [{ message: expect.any(String) }] })
    }
  })

  test("of Identity Protection come by GraphQL: failures with 200, the budget in `extensions`, then 429", async () => {
    const { call, clock } = start({ identities: 5, identity_points: 7 })
    const ask = async (variables: unknown, query = by_variables) => {
      const { status, body } = await call("POST", "/identity-protection/combined/graphql/v1", { query, variables })
      return { ...(body as unknown as GraphqlBody), status }
    }
    const first = await ask({ first: 3 })
    expect(first.data.entities.nodes.length).toBe(3)
    expect(first.extensions).toEqual({ remainingPoints: 4, consumedPoints: 3, reset: 60 })
    const second = await ask({ first: 3, after: first.data.entities.pageInfo.endCursor })
    expect(second.data.entities).toMatchObject({ pageInfo: { hasNextPage: false } })
    expect(second.data.entities.nodes.length).toBe(2)
    expect((await ask({ first: 3 })).status).toBe(429)
    await clock.advance(60_000)
    expect(await ask({ first: 3, after: "nonsense" })).toMatchObject({
      status: 200,
      errors: [{ message: "Invalid cursor" }],
    })
    expect(await ask({}, "{ nothing }")).toMatchObject({ status: 200, data: null })
  })
})

describe("the asset API", () => {
  const item = (uid: string, name = uid) => ({ class_uid: 5001, time: 1, device: { uid, name } })

  test("takes items, and knows which of them said nothing new", async () => {
    const { post, steer } = start()
    expect(await post({ version: 1, items: [item("a"), item("b")] })).toBe(200)
    expect(await post({ version: 1, items: [{ ...item("a"), time: 2 }, item("b", "B")] })).toBe(200)
    expect(await steer({})).toMatchObject({ requests: 2, accepted: 4, distinct: 2, repeated: 1, batch_items_max: 2 })
  })

  test.each([
    ["another key", { version: 1, items: [] }, "wrong", 401],
    ["another version", { version: 2, items: [] }, undefined, 400],
    ["an item of another class", { version: 1, items: [{ ...item("a"), class_uid: 2004 }] }, undefined, 400],
    ["an item without a uid", { version: 1, items: [{ class_uid: 5001, device: {} }] }, undefined, 400],
    ["an item that it cannot bear", { version: 1, items: [item("a"), item("b", "poison")] }, undefined, 400],
  ])("refuses %s, and takes nothing of the request", async (_, body, key, expected) => {
    const { post, steer } = start({ asset_refuses: ["poison"] })
    expect(await post(body, key)).toBe(expected)
    expect(await steer({})).toMatchObject({ accepted: 0, refused: { [expected]: 1 } })
  })

  test("fails on demand, also after it has taken the items", async () => {
    const { post, steer, simulator } = start()
    simulator.addFault({ on: "assets", do: { status: 429 } })
    simulator.addFault({ on: "assets", skip: 1, do: "accept_then_fail" })
    expect([await post({ version: 1, items: [item("a")] }), await post({ version: 1, items: [item("b")] })]).toEqual([
      429, 500,
    ])
    expect(await steer({})).toMatchObject({ accepted: 1, refused: { "429": 1, "500": 1 } })
  })
})
