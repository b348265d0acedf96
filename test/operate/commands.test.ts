/** `akonis status`, `config`, `tap` and `support` against a worker in this process. */
import { describe, expect, spyOn, test } from "bun:test"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { Effect, Fiber } from "effect"
import { parseTarGzip } from "nanotar"
import { listen } from "../../simulator/listen.ts"
import type { SimulatorOptions } from "../../simulator/options.ts"
import { makeCli } from "../../src/akonis.ts"
import { runAkonis } from "../../src/cli/run.ts"
import { loadConfig } from "../../src/core/config/load.ts"
import { layerFiles } from "../../src/core/store/files.ts"
import { plugins } from "../../src/plugins/index.ts"

/** What must be in no archive: each stands somewhere in the configuration, in a file, or in what servers say. */
const planted = {
  client_secret: "planted-client-secret-01",
  intake_key: "planted-intake-key-0001",
  token: "planted-admin-token-0001",
  file_token: "planted-token-in-a-file-01",
  proxy_password: "planted-proxy-password-1",
  content: "PLANTEDEVENTCONTENT",
}

interface Running {
  readonly folder: string
  /** Runs a command; its output and the exit status. */
  readonly akonis: (...args: string[]) => Promise<{ readonly out: string; readonly status: number }>
}

const withRunning = async (options: SimulatorOptions, body: (running: Running) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-operate-`)
  const { client_secret, intake_key, token, file_token } = planted
  const sim = listen({ partitions: 1, templates: 8, client_secret, intake_key, ...options })
  const file = `${folder}/akonis.yaml`
  writeFileSync(`${folder}/token`, `${file_token}\n`)
  const tokens = [
    { name: "boss", role: "admin", token },
    { name: "look", role: "reader", token_file: `${folder}/token` },
  ]
  const write = (port: number) =>
    writeFileSync(
      file,
      JSON.stringify({
        client_id: sim.simulator.settings.client_id,
        client_secret,
        base_url: sim.url,
        data_dir: `${folder}/data`,
        proxy: `http://somebody:${planted.proxy_password}@127.0.0.1:9`,
        server: { port, tokens },
        plugins: { "event-stream": { intake_key, intake_url: sim.url, batch_wait_ms_max: 50 } },
      }),
    )
  write(0)
  const stderr = spyOn(process.stderr, "write").mockImplementation(() => true)
  const listening = Promise.withResolvers<string>()
  const worker = Effect.runFork(
    Effect.flatMap(loadConfig({ file, env: {}, plugins }), (config) =>
      runAkonis("run", { ...config, log: { level: "warn", format: "pretty" } }, { onListening: listening.resolve }),
    ).pipe(Effect.provide(layerFiles)),
  )
  try {
    write(Number(new URL(await listening.promise).port))
    await body({
      folder,
      akonis: async (...args) => {
        let out = ""
        const stdout = spyOn(process.stdout, "write").mockImplementation(((text: string, done?: () => void) => {
          out += text
          done?.()
          return true
        }) as typeof process.stdout.write)
        try {
          const exit = await Effect.runPromiseExit(makeCli(plugins)([...args, "--config", file]))
          return { out, status: exit._tag === "Success" ? 0 : 1 }
        } finally {
          stdout.mockRestore()
        }
      },
    })
  } finally {
    await Effect.runPromise(Fiber.interrupt(worker))
    await sim.stop()
    stderr.mockRestore()
    rmSync(folder, { recursive: true, force: true })
  }
}

const until = async (done: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 200 && !(await done()); i++) await Bun.sleep(25)
}

describe("the commands of an operator", () => {
  test("tell what a running process does, by exit status too, and where each value of its configuration comes from", () =>
    withRunning({ events_per_partition: 20 }, async ({ akonis, folder }) => {
      await until(async () => (await akonis("status", "--json")).status === 0)
      const status = await akonis("status", "--json")
      expect(status.status).toBe(0)
      expect(JSON.parse(status.out).tenants[0].partitions[0]).toMatchObject({ partition: "0", status: "ok" })
      expect((await akonis("status")).out).toMatch(/● tenant default[\s\S]*PARTITION[\s\S]*dead letters 0/)
      const nobody = ["--url", "http://127.0.0.1:9"]
      expect((await akonis("status", ...nobody)).status).toBe(1)

      const { out } = await akonis("config", "--json")
      const keys = new Map((JSON.parse(out) as { key: string }[]).map((row) => [row.key, row]))
      expect(keys.get("client_secret")).toMatchObject({ value: "(secret)", from: `${folder}/akonis.yaml` })
      expect(keys.get("server.tokens[1].token")).toMatchObject({ value: `(secret, in ${folder}/token)` })
      expect(keys.get("log.level")).toMatchObject({ value: "info", from: "default" })
      expect(keys.get("proxy")).toMatchObject({ value: "http://(secret)@127.0.0.1:9" })
      for (const secret of Object.values(planted)) expect(out).not.toContain(secret)
    }))

  test("end where something else than a process answers, and the archive is made without it", () =>
    withRunning({}, async ({ akonis, folder }) => {
      using stranger = Bun.serve({ port: 0, fetch: () => new Response("data: hello\n\n") })
      const there = ["--url", stranger.url.href]
      for (const command of ["status", "top", "reload"]) expect((await akonis(command, ...there)).status).toBe(1)
      const out = `${folder}/support.tar.gz`
      expect((await akonis("support", "--out", out, ...there)).status).toBe(0)
      const names = (await parseTarGzip(readFileSync(out))).map(({ name }) => name.replace(/^[^/]+\//, ""))
      expect(names).toContain("not-running.txt")
      expect(names).not.toContain("health.json")
    }))
})

describe("the archive for a bug report", () => {
  test("holds versions, configuration, health, metrics, log and counts, and neither a secret nor what an event says", () =>
    withRunning(
      {
        events_per_partition: 20,
        poison: [{ partition: 0, index: 3, kind: "malformed" }],
        faults: [
          // An intake that repeats what it refuses.
          {
            on: "intake",
            until_ms: 3_600_000,
            do: { status: 500, body: `{"message":"no: ${planted.content} ${planted.intake_key}"}` },
          },
        ],
      },
      async ({ akonis, folder }) => {
        await until(async () => (await akonis("status")).out.includes("blocked"))
        const out = `${folder}/support.tar.gz`
        expect((await akonis("support", "--out", out)).status).toBe(0)
        const files = await parseTarGzip(readFileSync(out))
        const names = files.map(({ name }) => name.replace(/^[^/]+\//, "")).toSorted()
        expect(names).toEqual([
          "config.json",
          "data-folder.txt",
          "dead-letters.json",
          "health.json",
          "logs.txt",
          "metrics.txt",
          "status.json",
          "versions.json",
        ])
        const text = files.map((file) => file.text).join("\n")
        for (const secret of Object.values(planted)) expect(text).not.toContain(secret)
        for (const secret of Object.values(planted)) expect(text).not.toContain(btoa(secret))
        expect(text).toContain("intake blocked: the intake answered 500: …")
        expect(text).toMatch(/WARN +dead letter: /)
        expect(text).toContain("akonis_events_in_total")
        const day = readdirSync(`${folder}/data/dead-letters`)[0]!
        const { raw } = JSON.parse(readFileSync(`${folder}/data/dead-letters/${day}`, "utf8")) as { raw: string }
        for (let at = 0; at + 40 <= raw.length; at += 20) expect(text).not.toContain(raw.slice(at, at + 40))
        expect(files.find(({ name }) => name.endsWith("dead-letters.json"))!.text).toContain("not_a_json_object")
      },
    ))
})
