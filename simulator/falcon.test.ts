import { describe, expect, test } from "bun:test"
import type { SimulatorOptions } from "./options.ts"
import { makeSimulator } from "./simulator.ts"
import { SdkClient, settled, VirtualClock } from "./testing.ts"

function setUp(options: SimulatorOptions = {}) {
  const clock = new VirtualClock()
  const simulator = makeSimulator({ templates: 20, ...options }, clock)
  const client = new SdkClient("http://falcon.test", (request) => simulator.fetch(request))
  return { clock, simulator, client }
}

describe("the token route", () => {
  test("answers 201 with a bearer token and the region", async () => {
    const { client } = setUp()
    const response = await client.token()
    expect(response.status).toBe(201)
    expect(response.headers.get("x-cs-region")).toBe("sim-1")
    expect(response.headers.get("x-ratelimit-limit")).toBe("300")
    expect(response.headers.get("x-cs-traceid")).not.toBeNull()
    expect(await response.json()).toMatchObject({ token_type: "bearer", expires_in: 1799 })
  })

  test("takes HTTP Basic too, and remembers a member_cid", async () => {
    const { client, simulator } = setUp()
    const authorization = `Basic ${btoa("simulated-client:simulated-secret")}`
    const response = await client.request("/oauth2/token", { method: "POST", headers: { authorization } })
    expect(response.status).toBe(201)
    await client.token({ client_id: "simulated-client", client_secret: "simulated-secret", member_cid: "child" })
    expect(Object.values(simulator.state.tokens).map((token) => token.member_cid)).toEqual([undefined, "child"])
  })

  test("refuses wrong credentials with 403", async () => {
    const { client } = setUp()
    const response = await client.token({ client_id: "simulated-client", client_secret: "no" })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ meta: { powered_by: "csam" }, errors: [{ code: 403 }] })
  })

  test("allows 300 tokens a minute, then says when to come back", async () => {
    const { client, clock } = setUp()
    for (let call = 0; call < 300; call++) expect((await client.token()).status).toBe(201)
    const refused = await client.token()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get("x-ratelimit-retryafter"))).toBe(clock.now() / 1000 + 60)
    await clock.advance(60_000)
    expect((await client.token()).status).toBe(201)
  })

  test("gives tokens that expire and can be revoked", async () => {
    const { client, clock } = setUp({ token_life_s: 100 })
    const { authorization } = await client.bearer()
    await clock.advance(99_000)
    expect((await client.list()).status).toBe(200)
    await clock.advance(1_000)
    expect((await client.list()).status).toBe(401)
    const { access_token } = (await (await client.token()).json()) as { access_token: string }
    expect(access_token).not.toBe(authorization.slice(7))
    const body = new URLSearchParams({
      token: access_token,
      client_id: "simulated-client",
      client_secret: "simulated-secret",
    })
    expect((await client.request("/oauth2/revoke", { method: "POST", body })).status).toBe(200)
    const headers = { authorization: `Bearer ${access_token}` }
    expect((await client.request("/sensors/entities/datafeed/v2?appId=a", { headers })).status).toBe(401)
  })

  test("allows 15 bad bearers a minute", async () => {
    const { client } = setUp()
    const headers = { authorization: "Bearer nonsense" }
    const statuses: number[] = []
    for (let call = 0; call < 16; call++) {
      statuses.push((await client.request("/sensors/entities/datafeed/v2?appId=a", { headers })).status)
    }
    expect(statuses.slice(0, 15)).toEqual(new Array(15).fill(401))
    expect(statuses[15]).toBe(429)
  })
})

describe("a listing", () => {
  test("names every partition with its URLs and a session token", async () => {
    const { client } = setUp({ partitions: 2, firehose_url: "http://firehose.test" })
    const feeds = await client.feeds("my-app")
    expect(feeds).toHaveLength(2)
    expect(feeds[1]!.dataFeedURL).toBe("http://firehose.test/sensors/entities/datafeed/v1/1?appId=my-app")
    expect(feeds[1]!.refreshActiveSessionURL).toBe(
      "http://falcon.test/sensors/entities/datafeed-actions/v1/1?appId=my-app&action_name=refresh_active_stream_session",
    )
    expect(feeds[1]!.refreshActiveSessionInterval).toBe(1800)
    expect(feeds[1]!.sessionToken.expiration).toBe("2026-01-01T00:30:00.000000000Z")
  })

  test("refuses an app id that is none", async () => {
    const { client } = setUp()
    expect((await client.list("")).status).toBe(400)
    expect((await client.list("a".repeat(33))).status).toBe(400)
    expect((await client.list("a%20b")).status).toBe(400)
  })

  test("is empty while the app id has a stream, and for a while after that closed", async () => {
    const { client, clock } = setUp({ lock_release_ms: 10_000 })
    const stream = await client.stream()
    await stream.readEvents(1)
    expect(await client.feeds("app")).toEqual([])
    expect(await client.feeds("other")).toHaveLength(1)
    await stream.cancel()
    await clock.advance(9_999)
    expect(await client.feeds("app")).toEqual([])
    await clock.advance(1)
    expect(await client.feeds("app")).toHaveLength(1)
  })

  test("can hold the app id from the listing on", async () => {
    const { client, clock } = setUp({ lock: "session" })
    expect(await client.feeds()).toHaveLength(1)
    expect(await client.feeds()).toEqual([])
    await clock.advance(1_798_000)
    expect(await client.feeds()).toEqual([])
    await clock.advance(60_000)
    const fresh = new SdkClient(client.url, client.send)
    expect(await fresh.feeds()).toHaveLength(1)
  })

  test("follows partitions that come and go", async () => {
    const { client } = setUp()
    await client.control("POST", "partitions", { add: 4 })
    expect((await client.feeds("a")).map((feed) => feed.dataFeedURL.match(/v1\/(\d+)/)?.[1])).toEqual(["0", "4"])
    const stream = await client.stream("", "b")
    await client.control("POST", "partitions", { remove: 0 })
    await stream.readAll()
    expect((await client.feeds("a")).map((feed) => feed.dataFeedURL.match(/v1\/(\d+)/)?.[1])).toEqual(["4"])
  })
})

describe("a session", () => {
  test("ends its stream when nobody refreshes it, and its token is stale then", async () => {
    const { client, clock } = setUp()
    const [feed] = await client.feeds()
    const response = await client.open(feed!)
    const reading = response.text()
    await clock.advance(1_800_000)
    expect((await reading).split("\n").filter((line) => line.startsWith("{"))).toHaveLength(1000)
    expect((await client.open(feed!)).status).toBe(401)
    const fresh = new SdkClient(client.url, client.send)
    expect((await fresh.refresh(feed!)).status).toBe(404)
  })

  test("lives on while it is refreshed, up to its hard life", async () => {
    const { client, clock, simulator } = setUp({ token_life_s: 100_000 })
    const [feed] = await client.feeds()
    const reading = (await client.open(feed!)).text()
    for (let minutes = 0; minutes < 225; minutes += 25) {
      await clock.advance(25 * 60_000)
      expect((await client.refresh(feed!)).status).toBe(200)
    }
    expect(simulator.state.streams_open).toBe(1)
    await clock.advance(15 * 60_000)
    await reading
    expect(simulator.state.streams_open).toBe(0)
    expect((await client.refresh(feed!)).status).toBe(404)
    expect((await client.open(feed!)).status).toBe(401)
  })

  test("is refreshed only by a proper request", async () => {
    const { client } = setUp()
    const [feed] = await client.feeds()
    const url = feed!.refreshActiveSessionURL
    const headers = { ...(await client.bearer()), "content-type": "application/json" }
    const post = async (to: string, with_headers: Record<string, string>) =>
      (await client.request(to, { method: "POST", headers: with_headers })).status
    expect(await post(url, headers)).toBe(200)
    expect(await post(url, await client.bearer())).toBe(400)
    expect(await post(url, { "content-type": "application/json" })).toBe(401)
    expect(await post(url.replace("refresh_active", "no"), headers)).toBe(400)
    expect(await post(url.replace("v1/0", "v1/7"), headers)).toBe(404)
    expect(await post(url.replace("v1/0", "v1/x"), headers)).toBe(400)
    expect(await post(url.replace("appId=app", "appId=who"), headers)).toBe(404)
  })

  test("can be ended by hand", async () => {
    const { client } = setUp()
    const stream = await client.stream()
    expect(await (await client.control("POST", "sessions/end")).json()).toEqual({ ended: 1 })
    await stream.readAll()
    expect(stream.error).toBeUndefined()
  })
})

test("every request is remembered with its user agent and kind of authorization", async () => {
  const { client, simulator } = setUp()
  const [feed] = await client.feeds()
  const headers = { authorization: `Token ${feed!.sessionToken.token}`, "user-agent": "probe/1" }
  await client.open(feed!, "", { headers })
  await settled()
  expect(simulator.state.requests.map(({ path, auth, status }) => ({ path, auth, status }))).toEqual([
    { path: "/oauth2/token", auth: "none", status: 201 },
    { path: "/sensors/entities/datafeed/v2", auth: "Bearer", status: 200 },
    { path: "/sensors/entities/datafeed/v1/0", auth: "Token", status: 200 },
  ])
  expect(simulator.state.requests[2]!.user_agent).toBe("probe/1")
  simulator.close()
})

test("an unknown route answers 404 in Falcon's envelope", async () => {
  const { client } = setUp()
  const response = await client.request("/no/such/route")
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ errors: [{ code: 404 }] })
})
