/** Plugins from outside in the executable, in a process of its own: what no test in this process could survive. */
import { describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { listen } from "../../simulator/listen.ts"
import { compiled } from "../support/compiled.ts"

/** Throws in timers and forgets rejected promises, again and again, and adds an event after each detection. */
const stray = `
import { helper } from "./helper.ts"
import { defineAction, definePlugin, outcomeOfList } from "akonis/plugin"
import { Effect } from "effect"
import { z } from "zod"
const greet = defineAction({
  slug: "greet", title: "Greet", description: "Greets.", arguments: z.strictObject({}), resource: z.unknown(), example: {},
  scopes: [], changes: false, destructive: false, idempotent: true,
  run: (_, { config }) => Effect.succeed(outcomeOfList([helper(config.name)], [], [])),
})
export default definePlugin({
  api: 1, id: "acme", title: "Acme.", actions: [greet], config: z.strictObject({ name: z.string() }),
  run: () => Effect.sync(() => {
    setInterval(() => { throw new Error("thrown in a timer") }, 50)
    setInterval(() => void Promise.reject(new Error("forgotten")), 50)
    return undefined
  }).pipe(Effect.andThen(Effect.never)),
})`

const helper = `export const helper = (name: string): string => "hello " + name`

const withFolder = async (files: Readonly<Record<string, string>>, body: (folder: string) => Promise<void>) => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-compiled-plugin-`)
  try {
    for (const [path, text] of Object.entries(files)) writeFileSync(`${folder}/${path}`, text, { mode: 0o644 })
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const spawn = (cwd: string, args: readonly string[]) =>
  Bun.spawn([compiled(), ...args], { cwd, env: { PATH: process.env.PATH }, stdout: "pipe", stderr: "pipe" })

describe("in the executable a plugin from outside", () => {
  test("works without node_modules, and what it throws where nobody awaits it ends nothing", async () => {
    const { url, simulator, stop } = listen({ events_per_partition: 200, templates: 30 })
    const { client_id, client_secret, intake_key } = simulator.settings
    const settings = {
      client_id,
      client_secret,
      base_url: url,
      server: { port: 0 },
      plugins: { load: ["./acme.ts"], acme: { name: "you" }, "event-stream": { intake_key, intake_url: url } },
    }
    const files = { "acme.ts": stray, "helper.ts": helper, "akonis.yaml": JSON.stringify(settings) }
    try {
      await withFolder(files, async (folder) => {
        const called = spawn(folder, ["call", "greet"])
        expect([await called.exited, (await new Response(called.stdout).text()).trim()]).toEqual([0, '"hello you"'])
        const child = spawn(folder, ["run"])
        let log = ""
        const reading = (async () => {
          for await (const part of child.stderr) log += new TextDecoder().decode(part)
        })()
        let health: { plugins: Record<string, { status: string; detail: string }> } | undefined
        while (child.exitCode === null) {
          await Bun.sleep(100)
          const at = /listens on (\S+);/.exec(log)?.[1]
          if (at !== undefined) health = (await (await fetch(`${at}/health`)).json()) as typeof health
          const is_told = health?.plugins.acme?.status === "degraded"
          if (is_told && simulator.account().total.undelivered.events === 0) break
        }
        expect({ exit: child.exitCode, log: child.exitCode === null ? "" : log }).toEqual({ exit: null, log: "" })
        expect(health?.plugins["event-stream"]?.status).toBe("ok")
        expect(health?.plugins.acme?.detail).toMatch(
          /(thrown in a timer|forgotten) \(acme\.ts:\d+:\d+\); nobody awaited it/,
        )
        child.kill("SIGTERM")
        expect(await child.exited).toBe(0)
        await reading
      })
    } finally {
      await stop()
    }
  }, 120_000)

  test(
    "of another version of the API is refused by name",
    () =>
      withFolder(
        {
          "acme.ts": stray.replace("api: 1", "api: 2"),
          "helper.ts": helper,
          "akonis.yaml": "plugins: { load: [./acme.ts], only: [hosts] }\nclient_id: x\nclient_secret: a-client-secret",
        },
        async (folder) => {
          const child = spawn(folder, ["check", "--offline"])
          const [status, out] = await Promise.all([child.exited, new Response(child.stdout).text()])
          expect([status, out]).toEqual([2, expect.stringContaining("declares api: 2; this akonis speaks version 1")])
        },
      ),
    120_000,
  )
})
