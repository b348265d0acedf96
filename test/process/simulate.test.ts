import { expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A port that was free a moment ago. */
function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() })
  const { port } = server
  void server.stop(true)
  return port!
}

/** The first line that the simulator prints. */
async function firstLine(args: readonly string[]): Promise<string> {
  const child = Bun.spawn([process.execPath, "src/main.ts", "simulate", ...args], { stdout: "pipe", stderr: "inherit" })
  try {
    for await (const chunk of child.stdout) return new TextDecoder().decode(chunk).split("\n")[0]!
    return ""
  } finally {
    child.kill()
    await child.exited
  }
}

test("`akonis simulate` listens on the scenario's port, unless the command line names one", async () => {
  const directory = mkdtempSync(join(tmpdir(), "simulate-"))
  try {
    const [scenario_port, flag_port] = [freePort(), freePort()]
    const file = join(directory, "scenario.yaml")
    writeFileSync(file, `port: ${scenario_port}\npartitions: 1\n`)
    expect(await firstLine(["--scenario", file])).toContain(`http://127.0.0.1:${scenario_port}:`)
    expect(await firstLine(["--scenario", file, "--port", String(flag_port)])).toContain(`:${flag_port}:`)
  } finally {
    rmSync(directory, { recursive: true })
  }
}, 120_000)
