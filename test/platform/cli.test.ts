import { describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { catalogueFiles } from "../../src/platform/catalogue/files.ts"
import { plugins } from "../../src/plugins/index.ts"
import { version } from "../../src/version.ts"
import { runAkonis } from "../support/command.ts"
import { makeStandIn, run_token } from "./stand-in.ts"

const inFolder = async (body: (folder: string) => Promise<void>) => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-module-`)
  try {
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe("akonis catalog", () => {
  test("writes every file of the module, and says where", () =>
    inFolder(async (cwd) => {
      const { status, err } = await runAkonis(["catalog", "--out", "module"], { cwd, env: {} })
      const files = catalogueFiles(plugins, { version, all: false })
      expect([status, err]).toEqual([0, `akonis: ${Object.keys(files).length} files written to ${cwd}/module\n`])
      expect(readdirSync(`${cwd}/module`).sort()).toEqual(Object.keys(files).sort())
      for (const [name, text] of Object.entries(files)) expect(readFileSync(`${cwd}/module/${name}`, "utf8")).toBe(text)
    }))
})

describe("akonis module", () => {
  const run = async (cwd: string, docker_parameters: string, answer?: () => number) => {
    const platform = makeStandIn(answer === undefined ? {} : { answer })
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: platform.fetch })
    mkdirSync(`${cwd}/symphony`)
    writeFileSync(`${cwd}/symphony/token`, `${run_token}\n`)
    try {
      const env = {
        URL_CALLBACK: `http://127.0.0.1:${server.port}/callback`,
        MODULE_CONFIGURATION: Buffer.from(
          '{"client_id":"x","client_secret":"a-secret-of-mine","base_url":"?"}',
        ).toString("base64"),
      }
      const args = ["module", docker_parameters, "--symphony", "symphony", "--symphony-data", "data"]
      return { ...(await runAkonis(args, { cwd, env })), platform }
    } finally {
      await server.stop(true)
    }
  }

  test("ends with 0 once the platform has taken how the run ended, whatever that was", () =>
    inFolder(async (cwd) => {
      const { status, platform } = await run(cwd, "isolate_endpoints")
      expect(status).toBe(0)
      expect(platform.end()?.error).toContain("base_url")
      expect(platform.complaints).toEqual([])
    }))

  test("ends with 1 when the platform does not take it, and with 2 for a command that there is not", () =>
    inFolder((refused) =>
      inFolder(async (unknown) => {
        const [first, second] = await Promise.all([
          run(refused, "isolate_endpoints", () => 410),
          run(unknown, "isolate_everything"),
        ])
        expect([first.status, first.err]).toEqual([1, expect.stringContaining("the platform answered 410")])
        expect([second.status, second.err]).toEqual([
          2,
          expect.stringContaining("there is no command isolate_everything"),
        ])
      }),
    ))
})
