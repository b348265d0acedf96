/** Every command that README and `docs/` show is run, with the executable, in a folder of its own for each page. */
import { describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { compiled } from "../support/compiled.ts"

const pages = [
  "README.md",
  ...readdirSync("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
    .sort(),
]

/** How a block says, to whoever reads it, that it is not run here. */
const mark = /^# not run by the tests: (.+)$/m

const blocksOf = (page: string): readonly string[] =>
  [...readFileSync(page, "utf8").matchAll(/^```(?:sh|shell|bash|console)\b[^\n]*\n([\s\S]*?)^```$/gm)].map(
    ([, block]) => block!,
  )

const runnable = (page: string): readonly string[] => blocksOf(page).filter((block) => !mark.test(block))

/** Runs a script; what it has started in the background ends with it. */
const run = async (script: string) => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-docs-`)
  try {
    mkdirSync(`${folder}/bin`)
    symlinkSync(compiled(), `${folder}/bin/akonis`)
    const child = Bun.spawn(
      [
        "bash",
        "-euo",
        "pipefail",
        "-c",
        `trap 'status=$?; jobs -p | xargs -r kill -9; wait; exit $status' EXIT\n${script}`,
      ],
      {
        cwd: folder,
        env: { PATH: `${folder}/bin:${process.env.PATH}`, HOME: folder },
        stdout: "pipe",
        stderr: "pipe",
      },
    )
    const [out, err, status] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    return { out, err, status }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe("the commands of", () => {
  test.each(pages.filter((page) => runnable(page).length > 0))(
    "%s do what the page says: each ends with success",
    async (page) => {
      const { out, err, status } = await run(runnable(page).join("\n"))
      expect({ page, status, said: status === 0 ? "" : `${out.slice(-2_000)}\n${err.slice(-2_000)}` }).toEqual({
        page,
        status: 0,
        said: "",
      })
    },
    120_000,
  )

  test("README and docs/ that are not run here are these, and each says why", () => {
    const why = pages.flatMap((page) =>
      blocksOf(page).flatMap((block) => (mark.test(block) ? [`${page}: ${mark.exec(block)![1]}`] : [])),
    )
    expect(why).toEqual([
      "README.md: takes a while; test/runtimes runs the demo",
      "README.md: they use the executable that this makes",
      "README.md: needs a tenant",
      "README.md: needs a host of yours; docs/try-it.md has calls that are run",
      "docs/cluster.md: needs a database",
      "docs/deploy.md: writes into the system",
      "docs/deploy.md: needs Docker",
      "docs/deploy.md: installs into the system",
      "docs/deploy.md: needs a cluster",
      "docs/first-tenant.md: needs a tenant",
      "docs/runtimes.md: half a gigabyte from npm",
      "docs/runtimes.md: test/runtimes runs it",
      "docs/runtimes.md: test/runtimes runs it",
      "docs/runtimes.md: test/runtimes runs it",
      "docs/runtimes.md: worker.ts is yours; test/runtimes builds one",
    ])
  })
})

describe("links of", () => {
  test.each(pages)("%s lead to pages that are there", (page) => {
    const folder = page.includes("/") ? "docs/" : ""
    const targets = [...readFileSync(page, "utf8").matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(
      ([, to]) => `${folder}${to}`,
    )
    const gone = targets.filter((to) => {
      try {
        return readFileSync(to) === undefined
      } catch (error) {
        return (error as { code?: string }).code !== "EISDIR"
      }
    })
    expect(gone).toEqual([])
  })
})
