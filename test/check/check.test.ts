/** What `akonis check` says of a good setup, how it asks, and what it leaves alone. */
import { describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { live_clock } from "../../simulator/clock.ts"
import { makeSimulator } from "../../simulator/simulator.ts"
import { runChecks } from "../../src/core/check/run-checks.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import { Http } from "../../src/core/http/client/http.ts"
import { redact } from "../../src/core/telemetry/redact.ts"
import { plugins } from "../../src/plugins/index.ts"
import { runAkonis } from "../support/command.ts"
import { onTestClock, temporaryFolder } from "../support/effect.ts"
import { checked, rowOf } from "./support.ts"

const connector_uuid = "11111111-2222-4333-8444-555555555555"
const everything = {
  enrichment: { enabled: true },
  "device-assets": {
    enabled: true,
    sekoia_api_key: "simulated-sekoia-key",
    sekoia_base_url: "http://falcon.test",
    connector_uuid,
  },
  "user-assets": {
    enabled: true,
    sekoia_api_key: "simulated-sekoia-key",
    sekoia_base_url: "http://falcon.test",
    connector_uuid: "11111111-2222-4333-8444-666666666666",
  },
}

describe("a good setup", () => {
  test("passes, with what no read can prove told as not known, and then runs", async () => {
    const { rows, refusal } = await checked({ config: { plugins: everything } })
    expect(rows.filter(({ status }) => status === "failed")).toEqual([])
    const not_known = rows.filter(({ status }) => status === "unknown").map(({ name }) => name)
    expect(not_known).toEqual([
      "Alerts: Write",
      "Hosts: Write",
      "Cases: Write",
      "IOC Management: Write",
      "Prevention Policies: Write",
    ])
    expect(refusal).toBeUndefined()
  })

  test("is left as it was: nothing is changed at Falcon, no asset is sent, no app id is made", async () => {
    const { simulator, data_dir } = await checked({ config: { plugins: everything } })
    const state = async (path: string) => (await simulator.fetch(new Request(`http://falcon.test${path}`))).json()
    const { hosts, alerts, cases, policies, requests } = await state("/_sim/api")
    const changed = Object.values({ ...hosts, ...alerts, ...cases, ...policies } as Record<string, object>)
    expect(JSON.stringify(changed)).not.toContain('"contained":true')
    const writes = requests.filter(
      ({ method, path, status }: { method: string; path: string; status: number }) =>
        status < 300 && (method === "PATCH" || method === "PUT" || method === "DELETE" || path.includes("actions")),
    )
    expect(writes).toEqual([])
    expect((await state("/_sim/assets")).accepted).toBe(0)
    expect(existsSync(`${data_dir}/app-id`)).toBe(false)
  })

  test("asks about every scope of every plugin that ships", async () => {
    const { rows } = await checked({ config: { plugins: everything } })
    const spoken_for = new Set(
      plugins.flatMap((plugin) =>
        (plugin.checks?.({ destination: "sekoia", source: "identity-protection" } as never) ?? []).flatMap(
          ({ scopes = [] }) => scopes,
        ),
      ),
    )
    expect(plugins.flatMap(({ scopes }) => scopes).filter((scope) => !spoken_for.has(scope))).toEqual([])
    expect(rows.filter(({ tried }) => tried.startsWith("nothing"))).toEqual([])
  })

  test("asks each thing once", async () => {
    const { simulator } = await checked({ config: { plugins: everything } })
    const { requests } = (await (await simulator.fetch(new Request("http://falcon.test/_sim/api"))).json()) as {
      requests: { method: string; path: string }[]
    }
    const asked = requests.map(({ method, path }) => `${method} ${path}`)
    expect(asked).toEqual([...new Set(asked)])
  })
})

describe("Falcon that fails", () => {
  test("is asked once a row, and its failures are told as not known", async () => {
    const found = await checked({
      simulator: { faults: [{ on: "api", path: "/devices", every: 1, do: { status: 503 } }] },
    })
    expect(rowOf(found, "Hosts: Read")).toMatchObject({ status: "unknown", detail: expect.stringContaining("503") })
    const answer = await found.simulator.fetch(new Request("http://falcon.test/_sim/api"))
    const { requests } = (await answer.json()) as { requests: { path: string }[] }
    expect(requests.filter(({ path }) => path.startsWith("/devices")).length).toBe(2)
  })
})

describe("an intake", () => {
  test("that takes a made-up key as well has not verified ours: a warning", async () => {
    const found = await checked({
      stream: { intake_url: "http://intake.test" },
      between: (request, next) =>
        request.url.startsWith("http://intake.test")
          ? Promise.resolve(new Response('{"event_ids":[]}'))
          : next(request),
    })
    expect(rowOf(found, "destination")).toMatchObject({
      status: "warning",
      detail: expect.stringContaining("whether it takes ours is not known"),
    })
  })
})

test("names no password of a URL, in what was tried and in what came of it, and hides it from then on", async () => {
  const stream = { intake_url: "http://relay:pw-of-relay@intake.test/base" }
  const between = () => Promise.reject(new Error("http://relay:pw-of-relay@intake.test"))
  const { rows } = await checked({ stream, between })
  const text = JSON.stringify(rows)
  expect(text).toContain("http://(secret)@intake.test/base")
  expect(text).not.toContain("pw-of-relay")
  expect(redact("pw-of-relay, cmVsYXk6cHctb2YtcmVsYXk=")).toBe("<redacted>, <redacted>")
})

describe("an asset API", () => {
  const sekoia = (answer: (path: string, key: string | null) => Response) => ({
    config: {
      plugins: { "device-assets": { ...everything["device-assets"], sekoia_base_url: "http://sekoia.test" } },
    },
    between: (request: Request, next: (request: Request) => Promise<Response>) =>
      request.url.startsWith("http://sekoia.test")
        ? Promise.resolve(answer(new URL(request.url).pathname, request.headers.get("authorization")))
        : next(request),
  })

  test("that refuses a made-up key and a made-up connector has verified ours", async () => {
    const found = await checked(
      sekoia((path, key) => {
        if (key !== "Bearer simulated-sekoia-key") return new Response("{}", { status: 401 })
        return path.endsWith(connector_uuid) ? new Response('{"total":0}') : new Response("{}", { status: 404 })
      }),
    )
    expect(rowOf(found, "asset API")).toMatchObject({ status: "ok" })
  })

  test("that complains about the empty list before it looks at the key has verified nothing: a warning", async () => {
    const found = await checked(sekoia(() => new Response('{"message":"items"}', { status: 400 })))
    expect(rowOf(found, "asset API")).toMatchObject({
      status: "warning",
      detail: expect.stringContaining("whether it takes this one is not known"),
    })
  })
})

describe("several tenants", () => {
  test("with the same credentials or the same intake are told", async () => {
    const stream = { intake_key: "the-one-intake-key" }
    const { rows } = await checked({
      offline: true,
      config: {
        tenants: [
          { id: "acme", plugins: { "event-stream": stream } },
          { id: "globex", plugins: { "event-stream": stream } },
          { id: "other", client_id: "another", plugins: { "event-stream": { intake_key: "another-intake-key" } } },
        ],
      },
    })
    expect(rows.filter(({ name }) => name === "tenants")).toMatchObject([
      { plugin: "", status: "warning", detail: "acme and globex have the Falcon credentials and member_cid in common" },
      { plugin: "event-stream", status: "warning", detail: "acme and globex have the intake key in common" },
    ])
  })
})

describe("--offline", () => {
  test("reads every secret file, and writes and sends nothing", async () => {
    const found = await checked({
      offline: true,
      config: { client_secret: undefined, client_secret_file: "/nowhere/secret" },
      between: () => Promise.reject(new Error("something was sent")),
    })
    expect(rowOf(found, "secret files")).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("/nowhere/secret"),
    })
    expect(found.folder_made).toBe(false)
    expect(found.rows.length).toBe(4)
  })
})

/** The rows that are not `ok`, and what is said meanwhile, where requests whose URL holds one of these texts are never answered. */
const rowsWithout = Effect.fnUntraced(function* (silent: readonly string[]) {
  const env = {
    FALCON_CLIENT_ID: "simulated-client",
    FALCON_CLIENT_SECRET: "simulated-secret",
    FALCON_BASE_URL: "http://falcon.test",
    SEKOIA_INTAKE_KEY: "simulated-intake-key",
    SEKOIA_INTAKE_URL: "http://intake.test",
    AKONIS_DATA_DIR: `${yield* temporaryFolder}/data`,
    AKONIS_PORT: "0",
  }
  const config = yield* loadConfig({ env, plugins })
  const simulator = makeSimulator({ partitions: 1, templates: 1, base_url: "http://falcon.test" }, live_clock)
  const told: string[] = []
  const rows: string[] = []
  // Time passes only while nobody answers: what lies on the disk takes its own.
  let waiting = 0
  const send: Http["Service"]["send"] = ({ method, url, headers, body = null }) => {
    if (silent.some((text) => url.includes(text)))
      return Effect.never.pipe(
        Effect.onInterrupt(() => Effect.sync(() => void waiting--)),
        (never) =>
          Effect.andThen(
            Effect.sync(() => void waiting++),
            never,
          ),
      )
    return Effect.promise(async () => {
      const answer = await simulator.fetch(
        new Request(url, { method, headers: { ...headers }, body: body as BodyInit | null }),
      )
      return { status: answer.status, headers: answer.headers, text: await answer.text() }
    })
  }
  const network = Layer.succeed(Http, { send, open: () => Effect.never })
  const onRow = ({ name, status }: { name: string; status: string }) =>
    Effect.sync(() => void rows.push(`${name}: ${status}`))
  const onWaiting = (name: string, seconds: number) => Effect.sync(() => void told.push(`${name} ${seconds}`))
  const options = { env, version: "0", offline: false, network, onRow, onWaiting }
  const running = yield* Effect.forkChild(runChecks(config, options))
  for (let turn = 0; running.pollUnsafe() === undefined && turn < 5_000; turn++) {
    yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
    if (waiting > 0) yield* TestClock.adjust(500)
  }
  yield* Fiber.join(running)
  simulator.close()
  return { told, rows: rows.filter((row) => !row.endsWith(": ok") && !row.includes("Write: unknown")) }
})

describe("a server that does not answer", () => {
  test("is waited for aloud, and not for long", () =>
    onTestClock(
      Effect.gen(function* () {
        const { told, rows } = yield* rowsWithout([".test/"])
        expect(told.slice(0, 3)).toEqual(["reachability 2.5", "reachability 5", "reachability 7.5"])
        expect(rows).toEqual(["reachability: failed", "destination: failed", "not asked: unknown"])
      }),
    ))

  test("keeps nobody from asking the others: neither Sekoia nor one part of Falcon", () =>
    onTestClock(
      Effect.gen(function* () {
        expect((yield* rowsWithout(["intake.test"])).rows).toEqual(["clock: unknown", "destination: failed"])
        expect((yield* rowsWithout(["/alerts/queries", "intake.test"])).rows).toEqual([
          "clock: unknown",
          "destination: failed",
          "Alerts: Read: failed",
        ])
      }),
    ))
})

describe("a configuration that cannot be loaded", () => {
  test("is a row too, in JSON as in text, with status 2", async () => {
    const cwd = mkdtempSync(`${tmpdir()}/akonis-check-`)
    try {
      writeFileSync(`${cwd}/akonis.yaml`, "client_idd: x")
      const { out, status } = await runAkonis(["check", "--json"], { cwd, env: {} })
      expect(status).toBe(2)
      expect(JSON.parse(out)).toMatchObject([
        {
          name: "configuration",
          status: "failed",
          detail: expect.stringContaining("there is no such key"),
          remedy: expect.stringContaining("client_idd"),
        },
      ])
    } finally {
      rmSync(cwd, { recursive: true })
    }
  })

  test("names the source of each of several mistakes", async () => {
    const cwd = mkdtempSync(`${tmpdir()}/akonis-check-`)
    try {
      const { out } = await runAkonis(["check", "--json"], { cwd, env: {} })
      expect(JSON.parse(out)[0].detail).toMatch(/^environment: client_id: .+; environment: client_secret: /)
    } finally {
      rmSync(cwd, { recursive: true })
    }
  })
})
