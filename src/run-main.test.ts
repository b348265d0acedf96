import { expect, test } from "bun:test"
import { fileURLToPath } from "node:url"

test("a stop that never ends, as on a disk that does not answer, ends the process all the same, and says so", () => {
  const script = `
    import { Effect } from "effect"
    import { runProcess } from ${JSON.stringify(fileURLToPath(new URL("./run-main.ts", import.meta.url)))}
    const wait = globalThis.setTimeout
    globalThis.setTimeout = (run, ms) => wait(run, ms / 200)
    setInterval(() => undefined, 1_000)
    runProcess(Effect.uninterruptible(Effect.never))
    process.kill(process.pid, "SIGTERM")`
  const ran = Bun.spawnSync([process.execPath, "-e", script], { timeout: 60_000 })
  const said = "akonis: not everything has ended 20 s after the signal; this process ends all the same\n"
  expect([ran.exitCode, ran.stderr.toString()]).toEqual([1, said])
})
