/** A whole process whose tenants are the children of a simulated Flight Control parent. */
import { expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import type { Estate } from "../../simulator/estate.ts"
import { type Reloading, until as seen, tokens, withReloading } from "../operate/reloading.ts"

const [acme, globex, initech] = ["a", "b", "c"].map((digit) => digit.repeat(32)) as [string, string, string]

const streamOf = (tenant: Reloading["tenant"]) =>
  (tenant("", 0).plugins as { "event-stream": Record<string, unknown> })["event-stream"]

test("children come and go: each is a tenant once it has a key, gone ones stop and keep their folder, and none is the default", async () => {
  let estate: Estate | undefined
  await withReloading(
    {
      sims: [{ events_per_partition: 40, children: [acme, globex].map((cid) => ({ cid })) }],
      first: (tenant) => {
        const { id: _, ...parent } = tenant("", 0)
        const { intake_key, ...stream } = streamOf(tenant)
        const own = { ...stream, intake_key: `${intake_key}-{cid}` }
        return { ...parent, tenants_from: "flight-control", plugins: { only: ["event-stream"], "event-stream": own } }
      },
    },
    async ({ sims, folder, get, reload, log }) => {
      estate = sims[0]!.simulator
      const delivered = (cid: string) => estate!.below.get(cid)?.account().total.delivered
      const until = async (what: string, is_so: () => boolean | Promise<boolean>) => {
        for (let turn = 0; !(await is_so()); turn++) {
          if (turn > 1_000) throw new Error(`${what} did not come about: ${log().slice(-2_000)}`)
          await Bun.sleep(20)
        }
      }
      const tenants = async () => {
        const { text } = await get("/tenants", tokens.boss)
        return (JSON.parse(text) as { tenants: { id: string }[] }).tenants.map(({ id }) => id).sort()
      }
      await until("delivery", () => delivered(acme) === 40 && delivered(globex) === 40)
      expect(await tenants()).toEqual([acme, globex])

      estate.addChild({ cid: initech })
      await reload(tokens.boss)
      await until("the new child", () => delivered(initech) === 40)
      // One at the start and one for the reload: what the parent reloads by itself lists nobody again.
      expect(estate!.state.requests.filter(isListing)).toHaveLength(2)

      for (const cid of [globex, initech]) estate.removeChild(cid)
      // More than half of the children at once: that is not believed before it was said five times, a minute apart.
      for (let listing = 1; listing <= 5; listing++) {
        await reload(tokens.boss)
        await until("a doubt", () => estate!.state.requests.filter(isListing).length >= 2 + listing)
      }
      expect(await tenants()).toEqual([acme, globex, initech])
      // As if it had been.
      writeFileSync(`${folder}/data/children.json`, JSON.stringify({ [acme]: "" }))
      await reload(tokens.boss)
      await until("the end of two children", async () => (await tenants()).length === 1)
      for (const cid of [globex, initech]) expect(existsSync(`${folder}/data/${cid}/cache.json`)).toBe(true)

      const refused = await get("/actions", tokens.boss)
      expect(refused.status).toBe(404)
      expect(refused.text).toContain(`/tenants/${acme}/actions`)
      expect((await get(`/tenants/${globex}/actions`, tokens.boss)).status).toBe(404)
      expect(log()).toContain(`tenant=${initech}`)
    },
  )
})

const isListing = ({ path }: { readonly path: string }) => path === "/mssp/queries/children/v1"

test("no child that runs is taken for gone because something cannot be read: the reload is refused, or what was edited waits for a restart", async () => {
  const tree = (tenant: Reloading["tenant"], folder: string, of_key: object) => {
    const { id: _, client_secret: __, ...parent } = tenant("", 0)
    const { intake_key: ___, ...stream } = streamOf(tenant)
    const own = { only: ["event-stream"], "event-stream": { ...stream, ...of_key } }
    return { ...parent, client_secret_file: `${folder}/parent`, tenants_from: "flight-control", plugins: own }
  }
  const shared = (folder: string) => ({ intake_key_file: `${folder}/shared` })
  await withReloading(
    {
      sims: [{ events_per_partition: 0, children: [acme, globex].map((cid) => ({ cid })) }],
      first: (tenant, folder) => {
        writeFileSync(`${folder}/shared`, "the-key-of-all-children")
        writeFileSync(`${folder}/parent`, String(tenant("", 0).client_secret))
        return tree(tenant, folder, shared(folder))
      },
    },
    async ({ sims, folder, get, reload, tenant, write, log, audit }) => {
      const ids = async () => (JSON.parse((await get("/tenants", tokens.boss)).text) as { tenants: unknown[] }).tenants
      await seen("both children", async () => (await ids()).length === 2)

      write({ ...tree(tenant, folder, shared(folder)), data_dir: `${folder}/elsewhere` })
      expect((await reload()).body).toMatchObject({ stopped: [], needs_restart: ["data_dir"] })

      write(tree(tenant, folder, {}))
      const without_key = await reload()
      expect([without_key.status, String(without_key.body.detail)]).toEqual([
        422,
        expect.stringContaining("is missing"),
      ])

      write(tree(tenant, folder, shared(folder)))
      rmSync(`${folder}/shared`)
      expect((await reload()).body.detail).toContain("children that run could not be started with it")
      writeFileSync(`${folder}/shared`, "the-key-of-all-children")

      const noted = readFileSync(`${folder}/data/children.json`)
      rmSync(`${folder}/data/children.json`)
      expect((await reload()).body.detail).toContain("children.json is gone")
      writeFileSync(`${folder}/data/children.json`, noted)
      expect(await ids()).toHaveLength(2)
      expect(audit(acme).at(-1)).toMatchObject({ outcome: "failed", detail: expect.stringContaining("the log says") })

      // The parent's secret in a file is one of those that a reload reads.
      ;(sims[0]!.simulator.settings as { client_secret: string }).client_secret = "another-secret-of-falcon"
      writeFileSync(`${folder}/parent`, "another-secret-of-falcon")
      expect((await reload()).body.rotated).toContain("flight_control: client_secret")
      expect(log()).not.toContain("stopped: ")
    },
  )
})

test("a child whose key or folder comes later is named in health until then and keeps no other one, and a parent that may not list its children as well", async () => {
  const tree = (tenant: Reloading["tenant"], folder: string) => {
    const { id: _, ...parent } = tenant("", 0)
    const { intake_key: __, ...stream } = streamOf(tenant)
    const own = { ...stream, intake_key_file: `${folder}/key-{cid}` }
    return { ...parent, tenants_from: "flight-control", plugins: { only: ["event-stream"], "event-stream": own } }
  }
  await withReloading(
    {
      sims: [{ events_per_partition: 5, children: [{ cid: acme, name: "Acme" }, { cid: globex }] }],
      first: (tenant, folder) => {
        mkdirSync(`${folder}/data/${globex}/audit.ndjson`, { recursive: true })
        writeFileSync(`${folder}/data/children.json`, JSON.stringify({ [acme]: "Acme", [globex]: "" }))
        writeFileSync(`${folder}/key-${globex}`, `${streamOf(tenant).intake_key}-${globex}`)
        return tree(tenant, folder)
      },
    },
    async ({ sims, folder, get, reload, tenant, write }) => {
      const estate = sims[0]!.simulator
      const detail = async (token?: string) => {
        const { plugins } = JSON.parse((await get("/health", token)).text) as {
          plugins: Record<string, { detail: string }>
        }
        return plugins["flight-control"]!.detail
      }
      const until = async (text: string) => {
        for (let turn = 0; !(await detail(tokens.boss)).includes(text); turn++) {
          if (turn > 500) throw new Error(await detail(tokens.boss))
          await Bun.sleep(20)
        }
      }
      const delivered = (cid: string) => () => estate.below.get(cid)!.account().total.delivered === 5
      await until(`not started: ${acme} "Acme"`)
      expect(await detail(tokens.boss)).toContain(`${globex}/audit.ndjson cannot be written`)
      expect(await detail(tokens.bound)).not.toContain("Acme")
      writeFileSync(`${folder}/key-${acme}`, `${estate.settings.intake_key}-${acme}`)
      expect((await reload()).body.started).toEqual([`${acme}/event-stream`])
      await seen("delivery of the one that lacks nothing", delivered(acme))

      // One that is new and cannot be started is tried again when it is time, and not at once, for ever.
      writeFileSync(`${folder}/data/${initech}`, "")
      writeFileSync(`${folder}/key-${initech}`, `${estate.settings.intake_key}-${initech}`)
      estate.addChild({ cid: initech })
      await reload()
      await until(`${initech} (`)
      const listings = estate.state.requests.filter(isListing).length
      await Bun.sleep(500)
      expect(estate.state.requests.filter(isListing).length).toBe(listings)
      rmSync(`${folder}/data/${globex}/audit.ndjson`, { recursive: true })
      expect((await reload()).body).toMatchObject({ started: [`${globex}/event-stream`], stopped: [] })
      await seen("delivery of the one whose folder is right now", delivered(globex))

      // With another secret the children are listed, too.
      ;(estate.settings as { client_secret: string }).client_secret = "another-secret-of-falcon"
      write(tree(tenant, folder))
      expect((await reload(tokens.boss)).status).toBe(200)
      estate.addFault({ on: "api", path: "/mssp", count: 1, do: { status: 401 } })
      const before = estate.state.requests.filter(isListing).length
      await reload(tokens.boss)
      for (let turn = 0; estate.state.requests.filter(isListing).length < before + 2; turn++) {
        expect(turn).toBeLessThan(200)
        await Bun.sleep(20)
      }

      estate.addFault({ on: "api", path: "/mssp", every: 1, do: { status: 403 } })
      await reload(tokens.boss)
      await until("the list of children cannot be read as a whole")
      expect((await get(`/tenants/${acme}/actions`, tokens.boss)).status).toBe(200)
    },
  )
})
