import { assert, test, withPlugin } from "akonis/plugin/testing"
import plugin from "./ping-host.ts"

test("tells of a host whether it is online", () =>
  withPlugin(plugin, {}, async ({ act, hosts }) => {
    const [host] = hosts
    const { status, body } = await act("ping_host", { hostname: host!.hostname })
    assert.equal(status, 200)
    const { results } = body as { results: { resources: { id: string }[] } }
    assert.ok(results.resources.some(({ id }) => id === host!.device_id))
  }))

test("answers with nothing where no host has that name", () =>
  withPlugin(plugin, {}, async ({ act }) => {
    const { status, body } = await act("ping_host", { hostname: "nobody" })
    assert.equal(status, 200)
    assert.deepEqual((body as { results: unknown }).results, { resources: [] })
  }))

test("asks about no more hosts than it is told to", () =>
  withPlugin(plugin, { config: { hosts_max: 3 } }, async ({ act }) => {
    const { body } = await act("ping_host", { hostname: "wks-0001" }, { dry_run: true })
    const { results } = body as { results: { requests: { url: string }[] } }
    assert.match(results.requests[0]!.url, /limit=3/)
  }))
