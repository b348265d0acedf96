/** Broken setups: `akonis check` names each with what to do, and `akonis run` refuses none that passed. */
import { describe, expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { type Between, type Checked, checked, rowOf, type Situation } from "./support.ts"

interface Case extends Situation {
  /** The row that tells. */
  readonly row: string
  readonly status?: "failed" | "warning"
  readonly says: RegExp
  readonly remedy: RegExp
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } })

const intake = "http://intake.test"

/** Lets the simulator answer for a cloud, and hands the token out with a region. */
const inCloud =
  (answers: (url: URL) => Response | undefined): Between =>
  async (request, simulator) => {
    const url = new URL(request.url)
    const own = url.pathname === "/oauth2/token" ? answers(url) : undefined
    if (own !== undefined) return own
    const moved = new Request(`http://falcon.test${url.pathname}${url.search}`, request)
    return simulator(moved)
  }

const token = (region: string) =>
  json(201, { access_token: "a-token-of-the-cloud", expires_in: 1799 }, { "x-cs-region": region })
const refused = () => json(401, { meta: {}, errors: [{ code: 401, message: "access denied" }] })
const moved = () =>
  new Response(null, { status: 308, headers: { location: "https://api.us-2.crowdstrike.com/oauth2/token" } })

const anyServer = (body: () => Response): Disposable & { port: number } => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: body })
  return { port: server.port ?? 0, [Symbol.dispose]: () => void server.stop(true) }
}

const cases: readonly (readonly [string, Case])[] = [
  [
    "a wrong secret",
    {
      config: { client_secret: "not-the-secret" },
      row: "credentials",
      says: /Client authentication failed/,
      remedy: /client_id and client_secret/,
    },
  ],
  [
    "an address that Falcon does not allow",
    {
      simulator: {
        faults: [
          {
            on: "token",
            every: 1,
            do: { status: 403, body: '{"errors":[{"code":403,"message":"IP address not in allow list"}]}' },
          },
        ],
      },
      row: "credentials",
      says: /403/,
      remedy: /IP allow list/,
    },
  ],
  [
    "every call refused, as where the address is not allowed beyond the token",
    {
      simulator: { api_scopes: [], faults: [{ on: "list", every: 1, do: { status: 403, body: "{}" } }] },
      row: "address",
      says: /every call/,
      remedy: /IP allow list/,
    },
  ],
  [
    "another cloud, which redirects",
    {
      config: { base_url: "https://api.eu-1.crowdstrike.com" },
      between: inCloud(({ host }) => (host === "api.eu-1.crowdstrike.com" ? moved() : token("us-2"))),
      row: "cloud",
      says: /lives in us-2/,
      remedy: /base_url: https:\/\/api\.us-2\.crowdstrike\.com/,
    },
  ],
  [
    "another cloud, which does not know the client",
    {
      config: { base_url: "https://api.eu-1.crowdstrike.com" },
      between: inCloud(({ host }) => {
        if (host === "api.eu-1.crowdstrike.com") return refused()
        return host === "api.crowdstrike.com" ? moved() : token("us-2")
      }),
      row: "cloud",
      says: /same credentials are good/,
      remedy: /base_url: https:\/\/api\.us-2\.crowdstrike\.com/,
    },
  ],
  [
    "a token that the API refuses",
    {
      simulator: { faults: [{ on: "list", every: 1, do: { status: 401, body: "{}" } }] },
      row: "streams",
      says: /401/,
      remedy: /base_url is the cloud/,
    },
  ],
  [
    "the scope of the streams missing",
    {
      simulator: { faults: [{ on: "list", every: 1, do: { status: 403, body: "{}" } }] },
      row: "streams",
      says: /403/,
      remedy: /grant Event streams: Read/,
    },
  ],
  [
    "the scope of an action missing",
    {
      simulator: {
        api_scopes: ["Hosts: Read", "Alerts: Read", "Alerts: Write", "Cases: Read", "IOC Management: Read"],
      },
      row: "Hosts: Write",
      says: /403/,
      remedy: /grant Hosts: Write/,
    },
  ],
  [
    "the app id in use",
    {
      simulator: { lock: "session" },
      stream: { app_id: "mine" },
      before: async (_, simulator) => {
        const { client_id, client_secret } = simulator.settings
        const form = new URLSearchParams({ client_id, client_secret })
        const given = await simulator.fetch(
          new Request("http://falcon.test/oauth2/token", { method: "POST", body: form }),
        )
        const { access_token } = (await given.json()) as { access_token: string }
        await simulator.fetch(
          new Request("http://falcon.test/sensors/entities/datafeed/v2?appId=mine", {
            headers: { authorization: `Bearer ${access_token}` },
          }),
        )
      },
      row: "app id",
      status: "warning",
      says: /no streams under mine/,
      remedy: /app_id of its own/,
    },
  ],
  [
    "a bad intake key",
    {
      stream: { intake_key: "not-the-intake-key" },
      row: "destination",
      says: /401: .*intake key is invalid/,
      remedy: /into intake_key/,
    },
  ],
  [
    "no intake at the address",
    {
      stream: { intake_url: `${intake}/wrong` },
      between: (request, next) =>
        request.url.startsWith(intake) ? Promise.resolve(new Response("Not Found", { status: 404 })) : next(request),
      row: "destination",
      says: /404/,
      remedy: /correct intake_url/,
    },
  ],
  [
    "a login page in the intake's place",
    {
      stream: { intake_url: intake },
      between: (request, next) =>
        request.url.startsWith(intake) ? Promise.resolve(new Response("<html>Please log in</html>")) : next(request),
      row: "destination",
      says: /not as an intake.*Please log in/,
      remedy: /a page or another service/,
    },
  ],
  [
    "a file in the data folder's place",
    {
      before: (data_dir) => writeFileSync(data_dir, ""),
      row: "data folder",
      says: /cannot be written/,
      remedy: /set data_dir/,
    },
  ],
  [
    "a damaged cache.json",
    {
      before: (data_dir) => {
        mkdirSync(data_dir)
        writeFileSync(`${data_dir}/cache.json`, "{")
      },
      row: "files",
      says: /cache\.json is damaged/,
      remedy: /restore .*cache\.json from a backup/,
    },
  ],
  [
    "a clock that is a day off",
    {
      between: async (request, next) => {
        const answer = await next(request)
        answer.headers.set("date", new Date(Date.now() - 86_400_000).toUTCString())
        return answer
      },
      row: "clock",
      says: /24 h ahead/,
      remedy: /set the clock/,
    },
  ],
  [
    "a host that cannot be reached",
    {
      config: { base_url: "http://127.0.0.1:1" },
      real_network: true,
      row: "reachability",
      says: /127\.0\.0\.1:1 cannot be reached/,
      remedy: /firewall/,
    },
  ],
  [
    "a proxy that is dead",
    {
      config: { proxy: "http://127.0.0.1:1" },
      real_network: true,
      row: "proxy",
      says: /the proxy 127\.0\.0\.1:1 cannot be reached/,
      remedy: /correct proxy/,
    },
  ],
  [
    "a cluster whose database does not answer",
    {
      config: {
        cluster: { database_url: "postgres://akonis:a-password@127.0.0.1:1/akonis", runner_host: "127.0.0.1" },
      },
      row: "cluster database",
      says: /^the database 127\.0\.0\.1:1\/akonis cannot be used: .*ECONNREFUSED/,
      remedy: /cluster\.database_url/,
    },
  ],
  [
    "a server that is open to everybody",
    {
      config: { server: { host: "0.0.0.0", port: 0 } },
      row: "open address",
      says: /reached from other machines/,
      remedy: /AKONIS_TOKEN/,
    },
  ],
]

/** `run` may refuse only what a row has called failed. */
const passesOnlyWhatRuns = ({ rows, refusal }: Checked) => {
  if (refusal !== undefined) expect(rows.filter(({ status }) => status === "failed")).not.toEqual([])
}

describe("akonis check names", () => {
  test.each(cases)("%s, with what to do", async (_, { row, status = "failed", says, remedy, ...situation }) => {
    const found = await checked(situation)
    expect(rowOf(found, row)).toMatchObject({
      status,
      detail: expect.stringMatching(says),
      remedy: expect.stringMatching(remedy),
    })
    passesOnlyWhatRuns(found)
    // Whatever is asked, and however often: nothing but questions.
    for (const one of found.rows)
      expect({ ...one, told: one.remedy !== undefined || one.status === "ok" }).toMatchObject({ told: true })
  })

  test("a data folder that cannot be made, and the start says what to do about it, too", async () => {
    const { refusal } = await checked({ before: (data_dir) => writeFileSync(data_dir, "") })
    expect(refusal).toContain("cannot be written")
    expect(refusal).toContain("set data_dir (AKONIS_DATA_DIR)")
  })

  test("a port that is in use, with what to do", async () => {
    using other = anyServer(() => new Response())
    const found = await checked({ config: { server: { port: other.port } } })
    expect(rowOf(found, "port")).toMatchObject({ status: "failed", detail: expect.stringContaining("it is in use") })
    expect(found.refusal).toContain("it is in use")
  })
})
