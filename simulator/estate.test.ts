import { expect, test } from "bun:test"
import { makeEstate } from "./estate.ts"
import { SdkClient, VirtualClock } from "./testing.ts"

const [acme, globex] = ["a".repeat(32), "b".repeat(32)] as const
const form = { client_id: "simulated-client", client_secret: "simulated-secret" }

const parentOf = (children: readonly { readonly cid: string; readonly name?: string }[]) => {
  const estate = makeEstate({ events_per_partition: 3, templates: 8, children: [...children] }, new VirtualClock())
  const client = new SdkClient("http://sim", (request) => estate.fetch(request))
  const bearer = async (more: Record<string, string> = {}) => {
    const body = (await (await client.token({ ...form, ...more })).json()) as { access_token: string }
    return { authorization: `Bearer ${body.access_token}` }
  }
  const listed = async (query: string) => {
    const answer = await client.request(`/mssp/queries/children/v1${query}`, { headers: await bearer() })
    return (await answer.json()) as { resources: string[]; meta: { pagination: unknown } }
  }
  return { estate, client, bearer, listed }
}

test("a token with member_cid reads the events of that child, and its intake key takes them", async () => {
  const { estate, client, bearer } = parentOf([{ cid: acme }, { cid: globex }])
  const headers = await bearer({ member_cid: globex.toUpperCase() })
  const list = await client.request("/sensors/entities/datafeed/v2?appId=x", { headers })
  const { resources } = (await list.json()) as { resources: { dataFeedURL: string; sessionToken: { token: string } }[] }
  const feed = resources[0]!
  const own = [...estate.below.get(globex)!.tapes.values()][0]!
  const opened = await client.request(feed.dataFeedURL, {
    headers: { authorization: `Token ${feed.sessionToken.token}` },
  })
  const reader = opened.body!.getReader()
  await reader.read()
  const { value } = await reader.read()
  expect(new TextDecoder().decode(value)).toStartWith(new TextDecoder().decode(own.bytes(0)))
  await reader.cancel()
  await client.push([new TextDecoder().decode(own.bytes(0))], `simulated-intake-key-${globex}`)
  expect(estate.below.get(globex)!.account().total.delivered).toBe(1)
  expect(estate.below.get(acme)!.account().total.delivered).toBe(0)
})

test("a token is refused for a customer that is none of the parent's, or no longer", async () => {
  const { estate, client } = parentOf([{ cid: acme }])
  expect((await client.token({ ...form, member_cid: acme })).status).toBe(201)
  expect((await client.token({ ...form, member_cid: globex })).status).toBe(403)
  estate.removeChild(acme)
  expect((await client.token({ ...form, member_cid: acme })).status).toBe(403)
})

test("children come in pages of ten unless asked, with how many there are; their names on request", async () => {
  const many = Array.from({ length: 12 }, (_, i) => ({ cid: String(i).padStart(32, "0"), name: `customer ${i}` }))
  const { client, bearer, listed } = parentOf(many)
  const first = await listed("")
  expect(first.resources).toHaveLength(10)
  expect(first.meta.pagination).toEqual({ offset: 0, limit: 10, total: 12 })
  expect((await listed("?offset=10&limit=500")).resources).toEqual([many[10]!.cid, many[11]!.cid])
  const answer = await client.request("/mssp/entities/children/GET/v2", {
    method: "POST",
    headers: { ...(await bearer()), "content-type": "application/json" },
    body: JSON.stringify({ ids: [many[3]!.cid, acme] }),
  })
  expect(await answer.json()).toMatchObject({
    resources: [{ child_cid: many[3]!.cid, name: "customer 3" }],
    errors: [{ code: 404, id: acme }],
  })
})

test("all children share the 300 tokens a minute of one source address", async () => {
  const { client } = parentOf([{ cid: acme }, { cid: globex }])
  for (let i = 0; i < 300; i++) await client.token({ ...form, member_cid: i % 2 === 0 ? acme : globex })
  expect((await client.token({ ...form, member_cid: acme })).status).toBe(429)
})
