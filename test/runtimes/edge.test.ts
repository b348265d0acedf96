/** The handler for the edge in this process: what it refuses, and what it makes of a store and an audit log that fail. */
import { describe, expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { type Listening, listen } from "../../simulator/listen.ts"
import type { AuditLine } from "../../src/core/actions/audit.ts"
import { ConfigError } from "../../src/core/errors.ts"
import { makeMemoryStore } from "../../src/edge/store.ts"
import { createHandler, type EdgeConfig, type KeyValueStore } from "../../src/edge.ts"
import { buildWorker } from "./edges.ts"

const token = "edge-token-0000001"
const host = "01fcfb0bf53b710ab13604ef97f9a665"

interface Edge {
  readonly simulated: Listening
  readonly audited: AuditLine[]
  /** A handler, as a further place would have its own. */
  readonly handler: (more?: Partial<EdgeConfig>) => Asks
}

type Asks = (path: string, body?: object, key?: string) => Promise<{ status: number; headers: Headers; text: string }>

const withEdge = async (body: (edge: Edge) => Promise<void>): Promise<void> => {
  const simulated = listen({ partitions: 1, templates: 8, events_per_partition: 1 })
  const audited: AuditLine[] = []
  try {
    await body({ simulated, audited, handler: (more) => asks(simulated, audited, more) })
  } finally {
    await simulated.stop()
  }
}

const settingsOf = ({ url, simulator }: Listening) => ({
  client_id: simulator.settings.client_id,
  client_secret: simulator.settings.client_secret,
  base_url: url,
})

const asks = (simulated: Listening, audited: AuditLine[], more: Partial<EdgeConfig> = {}): Asks => {
  const handler = createHandler({
    settings: settingsOf(simulated),
    env: { AKONIS_TOKEN: token, A_BINDING: {} },
    audit: (line) => void audited.push(line),
    log: () => undefined,
    ...more,
  })
  return async (path, body, key) => {
    const answer = await handler(
      new Request(`https://edge.test${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          ...(key !== undefined && { "idempotency-key": key }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    )
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }
}

const changes = ({ simulator }: Listening) =>
  simulator.state.requests.filter(({ path }) => path.startsWith("/devices/entities/devices-actions")).length

/** What it says when it is made. */
const whyRefused = (settings: object, env: Record<string, unknown> = { AKONIS_TOKEN: token }) => {
  try {
    createHandler({
      settings: { client_id: "some-client-id", client_secret: "some-secret", ...settings },
      env,
      audit: () => undefined,
    })
  } catch (error) {
    return error instanceof ConfigError ? `${error.key}: ${error.message}` : error
  }
  return "made"
}

describe("a handler for the edge", () => {
  test("is refused a configuration that is wrong, or needs a data folder", () => {
    expect(whyRefused({})).toBe("made")
    expect(whyRefused({ client_id: undefined })).toContain("client_id: is missing")
    expect(whyRefused({}, {})).toContain("server.tokens: there is no folder to keep a token in")
    expect(whyRefused({ guards: { hosts_per_hour_max: 3 } })).toContain(
      "guards.hosts_per_hour_max: needs a data folder",
    )
    expect(whyRefused({ guards: { approval: ["isolate_endpoints"] } })).toContain(
      "guards.approval: needs a data folder",
    )
    expect(whyRefused({ plugins: { "event-stream": { enabled: true } } })).toContain("there is no such plugin")
  })

  test("asks Falcon for one token, however many requests come", () =>
    withEdge(async ({ simulated, handler }) => {
      const ask = handler()
      for (let i = 0; i < 3; i++) expect((await ask("/actions/query_devices_by_filter", {})).status).toBe(200)
      expect(simulated.simulator.state.requests.filter(({ path }) => path === "/oauth2/token")).toHaveLength(1)
    }))

  test("changes nothing while the audit log takes no line, and goes on once it does", () =>
    withEdge(async ({ simulated, audited, handler }) => {
      let is_full = true
      const ask = handler({
        audit: async (line) => {
          if (is_full) throw new Error("full")
          audited.push(line)
        },
      })
      const refused = await ask("/actions/isolate_endpoints", { ids: [host] }, "k")
      expect([refused.status, changes(simulated)]).toEqual([503, 0])
      expect(refused.text).toContain("nothing was done: the audit log takes no line: full")
      is_full = false
      expect((await ask("/actions/isolate_endpoints", { ids: [host] }, "k")).status).toBe(200)
      expect(audited.map(({ outcome }) => outcome)).toEqual(["refused", "unknown", "success"])
    }))

  test("changes nothing while the store of keys does not answer", () =>
    withEdge(async ({ simulated, handler }) => {
      const down = () => Promise.reject(new Error("unreachable"))
      const ask = handler({ store: { get: down, put: down, delete: down } })
      const { status, text } = await ask("/actions/isolate_endpoints", { ids: [host] }, "k")
      expect([status, changes(simulated)]).toEqual([503, 0])
      expect(text).toContain("the store of idempotency keys does not answer")
    }))

  test("acts once under one key, in one place or in two, and replays the answer in both", () =>
    withEdge(async ({ simulated, handler }) => {
      const store = makeMemoryStore()
      const [here, there] = [handler({ store }), handler({ store })]
      const act = (ask: Asks) => ask("/actions/isolate_endpoints", { ids: [host] }, "k")
      const first = await Promise.all([act(here), act(here), act(there)])
      expect(first.map(({ status }) => status).sort()).toEqual([200, 503, 503])
      expect(first.find(({ status }) => status === 503)?.headers.get("retry-after")).toBe("5")
      const later = await Promise.all([act(here), act(there)])
      expect(later.map(({ status, headers }) => [status, headers.get("idempotency-replayed")])).toEqual([
        [200, "true"],
        [200, "true"],
      ])
      expect(changes(simulated)).toBe(1)
    }))

  test("says of a key whose place was taken away that nobody knows, once nobody can be at it", () =>
    withEdge(async ({ simulated, handler }) => {
      let put = ""
      const store: KeyValueStore = {
        get: async () => put || undefined,
        put: async (_, value) => {
          put = value
        },
        delete: async () => {
          put = ""
        },
      }
      const act = () => handler({ store })("/actions/isolate_endpoints", { ids: [host] }, "k")
      expect((await act()).status).toBe(200)
      const { hash } = JSON.parse(put)
      put = JSON.stringify({ hash, at_ms: Date.now() })
      expect((await act()).status).toBe(503)
      put = JSON.stringify({ hash, at_ms: Date.now() - 3_600_000 })
      const { status, text } = await act()
      expect([status, text.includes("nobody knows whether it happened")]).toEqual([409, true])
      expect(changes(simulated)).toBe(1)
    }))

  test("refuses to wait, and to read files, before anything is sent", () =>
    withEdge(async ({ simulated, handler }) => {
      const ask = handler()
      expect((await ask("/actions/isolate_endpoints?wait=5", { ids: [host] })).status).toBe(400)
      expect((await ask("/actions/push_iocs_block", { stix_objects_path: "objects.json" })).status).toBe(400)
      expect((await ask("/mcp", {})).status).toBe(404)
      expect(simulated.simulator.state.requests).toEqual([])
    }))

  test("needs of Node's modules only those that compute", async () => {
    const folder = mkdtempSync(`${tmpdir()}/akonis-edge-`)
    const text = readFileSync(await buildWorker(folder), "utf8")
    rmSync(folder, { recursive: true })
    const needed = new Set([...text.matchAll(/(?:from|import\(|require\() ?"(node:[\w/]+)"/g)].map(([, name]) => name))
    expect([...needed].sort()).toEqual(["node:buffer", "node:crypto", "node:net", "node:path", "node:url"])
  })
})
