import { describe, expect, test } from "bun:test"
import type { SimulatorOptions } from "../options.ts"
import { makeSimulator } from "../simulator.ts"
import { SdkClient, VirtualClock } from "../testing.ts"
import type { ApiState } from "./state.ts"

const url = "http://sim.test"
const devices = "/devices/entities/devices/v2"

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: {
    readonly meta?: Record<string, unknown>
    readonly errors?: readonly { code: number; message: string; id?: string }[]
    readonly resources?: readonly Record<string, unknown>[] | null
  }
}

/** A simulator and a client with a token. */
function start(options: SimulatorOptions = {}) {
  const clock = new VirtualClock()
  const simulator = makeSimulator({ templates: 8, ...options }, clock)
  const client = new SdkClient(url, simulator.fetch)
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const headers = await client.bearer()
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    return read(await client.request(path, { method, headers, ...sent }))
  }
  const state = async () => (await (await client.request("/_sim/api")).json()) as ApiState
  return { clock, simulator, client, call, state }
}

async function read(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer["body"] }
}

describe("the API", () => {
  test("wants a bearer token", async () => {
    const { client, state } = start()
    const bad = { method: "POST", body: '{"ids":["a"]}', headers: { authorization: "Bearer nonsense" } }
    const { status, headers, body } = await read(await client.request(devices, bad))
    expect(status).toBe(401)
    expect(headers.get("x-ratelimit-limit")).toBe("15")
    expect(body).toMatchObject({
      meta: { powered_by: "crowdstrike-api-gateway" },
      errors: [{ code: 401, message: "access denied, invalid bearer token" }],
    })
    expect((await state()).requests).toMatchObject([{ path: devices, status: 401, ids: 1 }])
  })

  test("wants the scope; the policies' refusal has no meta", async () => {
    const { call } = start({ api_scopes: ["Alerts: Read"] })
    const refused = await call("POST", devices, { ids: ["a"] })
    expect(refused.status).toBe(403)
    expect(refused.body.errors).toEqual([{ code: 403, message: "access denied, authorization failed" }])
    expect(refused.body.meta).toHaveProperty("trace_id")
    const policies = await call("GET", "/policy/entities/prevention/v1?ids=a")
    expect(policies.status).toBe(403)
    expect(Object.keys(policies.body)).toEqual(["errors"])
    expect((await call("POST", "/alerts/entities/alerts/v2", { composite_ids: ["a"] })).status).toBe(200)
  })

  test.each([
    ["PATCH", "/alerts/entities/alerts/v3", "composite_ids", 1001, 413],
    ["POST", "/alerts/entities/alerts/v2", "composite_ids", 1001, 413],
    ["POST", devices, "ids", 5001, 400],
    ["POST", "/devices/combined/devices/login-history/v2", "ids", 11, 400],
    ["POST", "/devices/entities/devices-actions/v2?action_name=contain", "ids", 501, 400],
    ["POST", "/devices/entities/devices-actions/v2?action_name=hide_host", "ids", 101, 400],
  ])("%s %s with one of %s too many, %d, answers %d", async (method, path, key, count, status) => {
    const { call } = start()
    const answer = await call(method, path, { [key]: Array.from({ length: count }, (_, index) => `${index}`) })
    expect(answer.status).toBe(status)
    expect(answer.body.errors?.[0]).toMatchObject({ code: status })
    expect(answer.body.errors?.[0]?.message).toContain(String(count))
  })

  test("answers 400 for 101 ids in the online state, and for none at all", async () => {
    const { call } = start()
    const path = "/devices/entities/online-state/v1?"
    const query = Array.from({ length: 101 }, (_, index) => `ids=${index}`).join("&")
    expect((await call("GET", path + query)).status).toBe(400)
    expect((await call("GET", path)).status).toBe(400)
  })

  test("records where a request departs from what is documented", async () => {
    const { call, simulator } = start()
    await call("POST", `${devices}?page=1`, { ids: ["a"], more: true })
    expect(simulator.account().violations.map(({ what }) => what)).toEqual([
      `POST ${devices}: query key page is not documented`,
      `POST ${devices}: body key more is not documented`,
    ])
  })

  test("is the same for the same seed, with as many hosts and alerts as wanted", async () => {
    const options = { seed: 5, hosts: 400, alerts: 7 }
    const [one, other] = [await start(options).state(), await start(options).state()]
    expect(one).toEqual(other)
    expect(Object.keys(one.hosts)).toHaveLength(400)
    expect(Object.keys(one.alerts)).toHaveLength(7)
    expect(await start({ seed: 6 }).state()).not.toEqual(await start({ seed: 5 }).state())
  })

  test("gives a scroll two minutes", async () => {
    const { call, clock } = start()
    const path = "/devices/queries/devices-scroll/v1?limit=5"
    const { body } = await call("GET", path)
    const offset = (body.meta!.pagination as { offset: string }).offset
    await clock.advance(119_000)
    expect((await call("GET", `${path}&offset=${offset}`)).status).toBe(200)
    await clock.advance(1_000)
    expect((await call("GET", `${path}&offset=${offset}`)).status).toBe(400)
  })

  test.each([
    ["platform_name:'Mac'", true],
    ["platform_name:['Mac','Linux']+hostname:!'web*'", true],
    ["platform_name='Mac'", false],
    ["hostname:'a'b'", false],
  ])("reads the filter %s: %p", async (filter, understood) => {
    const { call } = start()
    const answer = await call("GET", `/devices/queries/devices-scroll/v1?filter=${encodeURIComponent(filter)}`)
    expect(answer.status).toBe(understood ? 200 : 400)
    if (understood) expect(answer.body.resources?.length).toBeGreaterThan(0)
  })
})

describe("faults on the API", () => {
  test("strike only paths that begin as they say", async () => {
    const { call, simulator } = start()
    simulator.addFault({ on: "api", path: "/alerts", do: { status: 503 } })
    expect((await call("POST", devices, { ids: ["a"] })).status).toBe(200)
    expect((await call("POST", "/alerts/entities/alerts/v2", { composite_ids: ["a"] })).status).toBe(503)
    expect((await call("POST", "/alerts/entities/alerts/v2", { composite_ids: ["a"] })).status).toBe(200)
  })

  test("strike every path when they name none, and nothing but the API", async () => {
    const { call, client, simulator } = start()
    simulator.addFault({ on: "api", do: { status: 500 } })
    expect((await client.list()).status).toBe(200)
    expect((await call("POST", devices, { ids: ["a"] })).status).toBe(500)
  })

  test("close the connection, or keep it waiting", async () => {
    const { call, clock, simulator } = start()
    simulator.addFault({ on: "api", do: "reset" })
    await expect(call("POST", devices, { ids: ["a"] })).rejects.toThrow("closed the connection")
    simulator.addFault({ on: "api", do: { slow: { delay_ms: 5_000 } } })
    const answer = call("POST", devices, { ids: ["a"] })
    await clock.advance(4_999)
    expect(Bun.peek.status(answer)).toBe("pending")
    await clock.advance(1)
    expect((await answer).status).toBe(200)
  })
})
