import { describe, expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { type Listening, listen } from "../../simulator/listen.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import type { ActionResponse } from "../../src/core/actions/response.ts"
import { runAkonis } from "../support/command.ts"
import { cases } from "./cases.ts"

const spawn = (args: readonly string[], env: Record<string, string> = {}, input = "") =>
  runAkonis(args, { cwd: tmpdir(), env, input })

interface Shell {
  readonly folder: string
  readonly running: Listening
  readonly call: (args: readonly string[], input?: string) => ReturnType<typeof spawn>
}

const withShell = async (body: (shell: Shell) => Promise<void>, options: SimulatorOptions = {}, yaml = "") => {
  const running = listen({ partitions: 1, templates: 8, ...options })
  const folder = mkdtempSync(`${tmpdir()}/akonis-shell-`)
  const { client_id, client_secret } = running.simulator.settings
  writeFileSync(`${folder}/akonis.yaml`, `plugins: { event-stream: { enabled: false } }\n${yaml}`)
  const env = {
    AKONIS_CONFIG: `${folder}/akonis.yaml`,
    AKONIS_DATA_DIR: `${folder}/data`,
    FALCON_BASE_URL: running.url,
    FALCON_CLIENT_ID: client_id,
    FALCON_CLIENT_SECRET: client_secret,
  }
  try {
    await body({ folder, running, call: (args, input) => spawn(["call", ...args], env, input) })
  } finally {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const audit = (folder: string) =>
  readFileSync(`${folder}/data/audit.ndjson`, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const unknown_host = "0".repeat(32)

describe("akonis actions", () => {
  test("lists and describes without any configuration", async () => {
    const list = await spawn(["actions"])
    expect(list.status).toBe(0)
    expect(list.out.trim().split("\n")).toHaveLength(Object.keys(cases).length + 1)
    const one = await spawn(["actions", "isolate_hosts"])
    expect(one.out).toContain("Hosts: Write")
    expect(one.out).toContain("akonis call isolate_endpoints --args '{")
    const json = await spawn(["actions", "isolate_hosts", "--json"])
    expect(JSON.parse(json.out)).toMatchObject({ slug: "isolate_endpoints", arguments: { required: ["ids"] } })
    const none = await spawn(["actions", "nothing"])
    expect([none.status, none.out]).toEqual([2, ""])
  }, 30_000)
})

describe("akonis call", () => {
  test(
    "runs an action, with its arguments given in three ways",
    () =>
      withShell(async ({ call, folder, running }) => {
        const found = await call(["query_devices_by_filter", "--args", '{"limit":2}', "--json"])
        expect(found.status).toBe(0)
        const { results } = JSON.parse(found.out) as ActionResponse
        const ids = "resources" in results ? (results.resources as string[]) : []
        writeFileSync(`${folder}/args.json`, JSON.stringify({ ids }))
        const done = await call(["isolate_hosts", "--args", `@${folder}/args.json`])
        expect([done.status, done.err]).toEqual([0, "akonis: isolate_endpoints: 2 of 2 done\n"])
        const tried = await call(["isolate_endpoints", "--args", "-", "--dry-run"], JSON.stringify({ ids }))
        expect(tried.out).toStartWith(`POST ${running.url}/devices/entities/devices-actions/v2?action_name=contain\n`)
        expect(audit(folder).slice(0, 1)).toMatchObject([{ via: "shell", who: expect.stringMatching(/^shell:./), ids }])
        const waited = await call(["deisolate_endpoints", "--args", JSON.stringify({ ids }), "--wait", "60"])
        expect(waited.status).toBe(0)
        expect(waited.out).toContain(`${ids[0]}: confirmed, `)
        const half = await call(["get_device_details", "--args", JSON.stringify({ ids: [ids[0], unknown_host] })])
        expect([half.status, half.err]).toEqual([1, expect.stringContaining("1 of 2 done")])
      }),
    60_000,
  )

  test(
    "exits with 2 for what is wrong here, with 1 for what failed there",
    () =>
      withShell(
        async ({ call }) => {
          const statuses = async (args: readonly string[]) => (await call(args)).status
          expect(await statuses(["nothing"])).toBe(2)
          const misspelt = await call(["get_device_details", "--arg", "{}"])
          expect(misspelt).toEqual({
            out: "",
            err: "akonis: Unrecognized flag: --arg in command akonis call; the nearest is --args; see akonis call --help\n",
            status: 2,
          })
          expect(await statuses(["get_device_details", "--args", "{"])).toBe(2)
          expect(await statuses(["get_device_details", "--args", "@/nowhere"])).toBe(2)
          const wrong = await call(["get_device_details", "--args", '{"ids":[],"more":1}'])
          expect([wrong.status, wrong.err.split("\n").length]).toEqual([2, 3])
          const nothing = await call(["get_device_details", "--args", JSON.stringify({ ids: [unknown_host] })])
          expect([nothing.status, nothing.err]).toEqual([1, expect.stringContaining("0 of 1 done")])
          const refused = await call(["isolate_endpoints", "--args", JSON.stringify({ ids: [unknown_host] }), "--json"])
          expect([refused.status, JSON.parse(refused.out).required_scopes]).toEqual([1, ["Hosts: Write"]])
        },
        { api_scopes: ["Hosts: Read"] },
      ),
    60_000,
  )

  test("honours read-only mode, and asks which tenant is meant", async () => {
    await withShell(
      async ({ call, running, folder }) => {
        const refused = await call(["isolate_endpoints", "--args", JSON.stringify({ ids: [unknown_host] })])
        expect([refused.status, refused.err]).toEqual([1, expect.stringContaining("read_only")])
        expect(running.simulator.state.requests).toEqual([])
        expect(audit(folder)).toMatchObject([{ outcome: "refused" }])
      },
      {},
      "server: { read_only: true }",
    )
  }, 60_000)
})
