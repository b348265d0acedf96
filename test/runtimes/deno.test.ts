/** What is Deno's alone: its own server, and permissions that only the shell needs. */
import { describe, test } from "bun:test"
import { executables, processes } from "./runtimes.ts"
import { calls, servesByDeno } from "./smoke.ts"

const timeout_ms = 240_000
const deno = processes.find(({ name }) => name.startsWith("Deno"))!

describe.skipIf(executables.deno === undefined && process.env.CI !== "true")("under Deno", () => {
  test("the shell needs no permission that docs/runtimes.md does not list", () => calls(deno), timeout_ms)
  test("deno serve listens where the configuration says or not at all, and drains", servesByDeno, timeout_ms)
})
