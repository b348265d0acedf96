/** The product under every runtime that it promises; see `docs/runtimes.md`. */
import { beforeAll, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { compiled } from "../support/compiled.ts"
import { answersByDeno, answersByWorkerd, worker_build } from "./edges.ts"
import { denoPermissions, executables, node_flags, processes, steps, table } from "./runtimes.ts"
import { checks, demonstrates, runs } from "./smoke.ts"

const timeout_ms = 240_000

// First: it holds everything else up.
beforeAll(() => void compiled(), timeout_ms)

/** `.ci/run` installs them, so that CI fails without; elsewhere what is not installed is reported as skipped. */
const isMissing = (found: unknown) => found === undefined && process.env.CI !== "true"

for (const runtime of processes) {
  describe.skipIf(runtime.name !== "executable" && isMissing(runtime.akonis("/")))(`under ${runtime.name}`, () => {
    test.concurrent(`${steps.check}`, () => checks(runtime), timeout_ms)
    test.concurrent(`${steps.run}; ${steps.http}; ${steps.docs}`, () => runs(runtime), timeout_ms)
    test.concurrent(`${steps.demo}`, () => demonstrates(runtime), timeout_ms)
  })
}

test.skipIf(isMissing(executables.deno))(
  `at the edge under Deno, with no permission but the network: ${steps.http}`,
  answersByDeno,
  timeout_ms,
)
test.skipIf(isMissing(executables.workerd))(`at the edge under workerd: ${steps.http}`, answersByWorkerd, timeout_ms)

test("README's table says what is tried here", () => {
  expect(readFileSync("README.md", "utf8")).toContain(table())
})

test("docs/runtimes.md has the commands that are tried here", () => {
  const page = readFileSync("docs/runtimes.md", "utf8")
  const permissions = denoPermissions(".", "data").join(" ")
  expect(page).toContain(`\ndeno run ${permissions} src/main.ts run\n`)
  expect(page).toContain(`\ndeno serve --host 127.0.0.1 --port 8080 ${permissions} src/server.ts\n`)
  expect(page).toContain(`\nnode ${node_flags.join(" ")} src/main.ts run\n`)
})

test("docs/runtimes.md builds a Worker as these tests do", () => {
  const { external, conditions, target } = worker_build
  const flags = [
    `--target=${target}`,
    ...external.map((name) => `--external '${name}'`),
    ...conditions.map((name) => `--conditions=${name}`),
  ]
  expect(readFileSync("docs/runtimes.md", "utf8")).toContain(
    `\nbun build worker.ts ${flags.join(" ")} --outfile dist/worker.js\n`,
  )
})
