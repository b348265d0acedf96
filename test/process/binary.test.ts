import { describe, expect, test } from "bun:test"
import manifest from "../../package.json" with { type: "json" }
import { direct, runtimePackages } from "../../scripts/lockfile.ts"
import { plugins } from "../../src/plugins/index.ts"
import { intact } from "./harness.ts"
import { alone, printed } from "./scenarios/binary.ts"

const timeout_ms = 240_000

describe("the executable", () => {
  test.concurrent(
    "delivers, acts and checks with no environment but its settings, and takes nothing from the folder it is started in",
    async () => {
      const { check, action, called, health, healthcheck, build_info, ...books } = await alone(2_000)
      expect(books).toMatchObject({ ...intact, delivered: 2_000, is_trapped: false })
      expect(check).toMatchObject({ status: 0, failed: [] })
      expect(check.rows).toBeGreaterThan(5)
      expect(action).toEqual({ http_status: 200, outcome: "success" })
      expect(called).toEqual({ status: 0, outcome: "success" })
      expect(healthcheck).toEqual({ of_ours: 0, of_nobody: 1 })
      const stamp = { commit: expect.stringMatching(/^[0-9a-f]{12}(-dirty)?$/), built: expect.stringMatching(/Z$/) }
      expect(health).toMatchObject({ version: manifest.version, ...stamp })
      expect(build_info).toMatch(/^akonis_build_info\{version="[^"]+",commit="[0-9a-f]{12}[^"]*",built="[^"]+Z"\} 1$/)
    },
    timeout_ms,
  )

  test.concurrent(
    "says which commit it was built from, and when that was",
    async () => {
      expect(await printed("--version")).toMatch(
        new RegExp(`${manifest.version} \\(commit [0-9a-f]{12}(-dirty)?, built \\d{4}-.*Z\\)`),
      )
    },
    timeout_ms,
  )

  test.concurrent(
    "shows the licence of everything that it carries",
    async () => {
      const text = await printed("--licences")
      const missing = runtimePackages().filter(({ name, version }) => !text.includes(`\n${name} ${version}: `))
      expect(missing).toEqual([])
      expect(direct.length).toBeGreaterThan(5)
      expect(text).toContain("\nbun ")
      expect(text).toContain("Permission is hereby granted")
    },
    timeout_ms,
  )

  test.concurrent(
    "completes commands, flags, actions and plugins in bash",
    async () => {
      const script = await printed("completions", "bash")
      const complete = (...words: readonly string[]): string[] => {
        const quoted = words.map((word) => `'${word}'`).join(" ")
        const ask = `COMP_LINE='${words.join(" ")}'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _akonis akonis '${words.at(-1)}' '${words.at(-2)}'`
        const { stdout } = Bun.spawnSync([
          "bash",
          "--norc",
          "-c",
          `${script}\n${ask}; printf '%s\\n' "\${COMPREPLY[@]}"`,
        ])
        return stdout.toString().trim().split("\n")
      }
      expect(complete("akonis", "dead")).toEqual(["dead-letters"])
      expect(complete("akonis", "dead-letters", "re")).toEqual(["replay"])
      expect(complete("akonis", "call", "isolate")).toEqual(["isolate_endpoints"])
      expect(complete("akonis", "actions", "--plugin", "")).toEqual(plugins.map(({ id }) => id))
      expect(complete("akonis", "call", "--dry")).toEqual(["--dry-run"])
    },
    timeout_ms,
  )

  test.concurrent(
    "has a manual page with every command and every one of its flags",
    async () => {
      const page = await printed("man")
      const script = await printed("completions", "fish")
      for (const command of ["run", "serve", "worker", "check", "call", "dead-letters replay", "completions", "man"])
        expect(page).toContain(`.Ss akonis ${command}\n`)
      const flags = new Set([...script.matchAll(/ -l ([a-z][a-z-]*)/g)].map(([, flag]) => flag!))
      const global = ["help", "version", "licences"]
      const own = [...flags].filter((flag) => !flag.startsWith("no-") && !global.includes(flag))
      expect(own.length).toBeGreaterThan(10)
      expect(own.filter((flag) => !page.includes(`.It Fl Fl ${flag}\n`))).toEqual([])
    },
    timeout_ms,
  )
})
