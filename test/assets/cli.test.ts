import { describe, expect, test } from "bun:test"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { type Listening, listen } from "../../simulator/listen.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { type Ended, main, runAkonis } from "../support/command.ts"
import { problemsOf } from "./ocsf-facts.ts"
import { type AssetAccount, quiet, yaml } from "./support.ts"

interface Shell {
  readonly folder: string
  readonly running: Listening
  readonly akonis: (args: readonly string[]) => Promise<Ended>
  readonly taken: () => Promise<AssetAccount>
}

const withShell = async (
  body: (shell: Shell) => Promise<void>,
  options: SimulatorOptions = {},
  configuration = yaml("device-assets"),
) => {
  const running = listen({ ...quiet, templates: 8, hosts: 0, fleet: 250, ...options })
  const folder = mkdtempSync(`${tmpdir()}/akonis-assets-`)
  const { client_id, client_secret } = running.simulator.settings
  writeFileSync(`${folder}/akonis.yaml`, configuration.replaceAll("http://falcon.test", running.url))
  const env = { FALCON_BASE_URL: running.url, FALCON_CLIENT_ID: client_id, FALCON_CLIENT_SECRET: client_secret }
  const akonis = (args: readonly string[]) => runAkonis(args, { cwd: folder, env })
  const taken = async () => (await (await fetch(`${running.url}/_sim/assets`)).json()) as AssetAccount
  try {
    await body({ folder, running, akonis, taken })
  } finally {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const parsed = (out: string) =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe("akonis assets", () => {
  test("runs one cycle and prints what it sent as NDJSON; a second one sends nothing", () =>
    withShell(async ({ akonis, taken, folder }) => {
      const first = await akonis(["assets", "devices"])
      expect(first).toMatchObject({ status: 0, err: "akonis: 250 hosts read, 250 sent, 0 unchanged\n" })
      const items = parsed(first.out)
      expect(items.length).toBe(250)
      expect(items.flatMap(problemsOf)).toEqual([])
      expect((await taken()).hosts.missing).toBe(0)
      expect(existsSync(`${folder}/data/context.json`)).toBe(true)
      const second = await akonis(["assets", "devices"])
      expect(second.out).toBe("")
      expect(second.status).toBe(0)
      expect((await taken()).accepted).toBe(250)
    }))

  test("with --limit stops after so many, and the next run goes on after them", () =>
    withShell(async ({ akonis, taken }) => {
      expect(parsed((await akonis(["assets", "devices", "--limit", "130"])).out).length).toBe(130)
      expect((await taken()).accepted).toBe(130)
      expect(parsed((await akonis(["assets", "devices"])).out).length).toBe(120)
      expect(await taken()).toMatchObject({ accepted: 250, repeated: 0, hosts: { missing: 0 } })
    }))

  test.each([
    [3, ["--limit", "3"]],
    [250, []],
  ])("with --dry-run shows the %i that would be sent; sends and stores nothing", (count, limit) =>
    withShell(async ({ akonis, taken, folder }) => {
      const { out, err, status } = await akonis(["assets", "devices", "--dry-run", ...limit])
      expect(status).toBe(0)
      expect(parsed(out).length).toBe(count)
      expect(err).toContain(`${count} would be sent`)
      expect((await taken()).requests).toBe(0)
      expect(existsSync(`${folder}/data/context.json`)).toBe(false)
      expect(existsSync(`${folder}/data/device-assets.known`)).toBe(false)
    }),
  )

  test.each(["user-management", "identity-protection"])("sends users of %s", (source) =>
    withShell(
      async ({ akonis, taken }) => {
        const { out, status } = await akonis(["assets", "users"])
        expect(status).toBe(0)
        expect(parsed(out).flatMap(problemsOf)).toEqual([])
        expect((await taken()).accepted).toBe(7)
      },
      { console_users: 7, identities: 7 },
      yaml("user-assets", [`source: ${source}`]),
    ),
  )

  test("says what to do when the plugin is off, and when Sekoia refuses the key", () =>
    withShell(async ({ akonis, running }) => {
      expect(await akonis(["assets", "users"])).toMatchObject({
        status: 2,
        err: "akonis: akonis.yaml: plugins.user-assets: the plugin is off; set its `enabled: true`\n",
      })
      running.simulator.addFault({ on: "assets", do: { status: 401, body: '{"message":"invalid API key"}' } })
      const refused = await akonis(["assets", "devices"])
      expect(refused.status).toBe(1)
      expect(refused.err).toContain("the asset API answered 401")
      expect(refused.err).not.toContain("simulated-sekoia-key")
    }))

  test("is refused while a worker uses the data folder", () =>
    withShell(async ({ akonis, folder, running }) => {
      const { client_id, client_secret } = running.simulator.settings
      const worker = Bun.spawn([process.execPath, main, "worker"], {
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          AKONIS_PORT: "0",
          FALCON_BASE_URL: running.url,
          FALCON_CLIENT_ID: client_id,
          FALCON_CLIENT_SECRET: client_secret,
        },
        stdout: "ignore",
        stderr: "pipe",
      })
      try {
        const reader = worker.stderr.getReader()
        await reader.read()
        const { status, err } = await akonis(["assets", "devices"])
        expect(status).toBe(1)
        expect(err).toContain("another akonis process")
      } finally {
        worker.kill()
        await worker.exited
      }
    }))
})

describe("akonis check", () => {
  const rows = async ({ akonis }: Shell) =>
    (
      JSON.parse((await akonis(["check", "--json"])).out) as {
        plugin: string
        name: string
        status: string
        detail: string
      }[]
    )
      .filter(({ plugin }) => plugin !== "")
      .map(({ name, status, detail }) => `${name}: ${status}: ${detail}`)

  test("tells how many hosts can be read and whether Sekoia takes the key, and changes nothing", () =>
    withShell(async (shell) => {
      expect(await rows(shell)).toEqual([
        "hosts: ok: 250 can be read",
        "host groups: ok: 6 can be read",
        `asset API: warning: ${shell.running.url} takes the key; whether it knows the connector is not known, since a made-up one is answered alike`,
      ])
      expect((await shell.taken()).accepted).toBe(0)
      expect(existsSync(`${shell.folder}/data/context.json`)).toBe(false)
    }))

  test("names the scopes that are missing and a key that is refused", () =>
    withShell(
      async (shell) => {
        const [hosts, groups, api] = await rows(shell)
        expect(hosts).toMatch(/^hosts: failed: .*Hosts: Read/)
        expect(groups).toMatch(/^host groups: warning: .*Host groups: Read/)
        expect(api).toMatch(/^asset API: failed: the asset API answered 401/)
      },
      { api_scopes: [], sekoia_api_key: "another-key" },
    ))

  test("looks at the users of the source that is chosen", () =>
    withShell(
      async (shell) => expect((await rows(shell))[0]).toBe("identities: ok: can be read"),
      {},
      yaml("user-assets", ["source: identity-protection"]),
    ))
})

describe("the record of what was sent", () => {
  test("can be deleted to send everything again", () =>
    withShell(async ({ akonis, taken, folder }) => {
      await akonis(["assets", "devices"])
      expect(readFileSync(`${folder}/data/device-assets.known`, "utf8").split("\n").length).toBe(251)
      rmSync(`${folder}/data/device-assets.known`)
      await akonis(["assets", "devices"])
      expect(await taken()).toMatchObject({ accepted: 500, repeated: 250 })
    }))

  test("that is damaged costs no more than sending again what it no longer holds", () =>
    withShell(async ({ akonis, taken, folder }) => {
      await akonis(["assets", "devices"])
      const path = `${folder}/data/device-assets.known`
      const lines = readFileSync(path, "utf8").split("\n")
      writeFileSync(path, [...lines.slice(0, 200), "no such line", lines[200]!.slice(0, 30)].join("\n"))
      rmSync(`${folder}/data/context.json`)
      await akonis(["assets", "devices"])
      expect(await taken()).toMatchObject({ accepted: 300, distinct: 250, hosts: { missing: 0 } })
    }))

  test("does not stand in for a damaged context.json: that stops with a way out", () =>
    withShell(async ({ akonis, folder }) => {
      await akonis(["assets", "devices"])
      writeFileSync(`${folder}/data/context.json`, '{"most_recent')
      const { status, err } = await akonis(["assets", "devices"])
      expect(status).toBe(1)
      expect(err).toContain("delete it to read the inventories from the beginning")
      expect(readFileSync(`${folder}/data/context.json`, "utf8")).toBe('{"most_recent')
    }))
})
