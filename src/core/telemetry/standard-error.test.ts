import { expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"

const here = (file: string) => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)))

/** A process that logs so many lines of a kilobyte, and says on standard output how many were lost. */
const logging = (lines: number, then = "") => `
  import { writeSync } from "node:fs"
  import { Effect } from "effect"
  import { TestClock } from "effect/testing"
  import { layerLogging } from ${here("./logging.ts")}
  import { RepeatsAs } from ${here("./repeats.ts")}
  import { lostLines } from ${here("./standard-error.ts")}
  const pause = Effect.promise(() => Bun.sleep(20))
  const line = Effect.andThen(Effect.logInfo("x".repeat(1_000)), pause)
  await Effect.gen(function* () {
    yield* line
    for (let left = ${lines}; left > 0; left--) yield* Effect.logInfo("x".repeat(1_000))
    yield* pause
    writeSync(1, lostLines() + "\\n")
    ${then}
  }).pipe(
    Effect.provide(layerLogging({ level: "info", format: "json" })),
    Effect.provideService(RepeatsAs, "each"),
    Effect.provide(TestClock.layer({ warningDelay: 60_000 })),
    Effect.runPromise,
  )
  process.exit(0)`

/** What a process prints whose standard error leads somewhere; `to` is shell. */
const run = (to: string, lines: number, then?: string) => {
  const script = [process.execPath, "-e", logging(lines, then)]
  const ran = Bun.spawnSync(["sh", "-c", `{ "$@" 2>&1 >&3 3>&- ${to}; } 3>&1`, "sh", ...script])
  return ran.stdout.toString().trim().split("\n")
}

test("a log whose reader has gone away ends no process: its lines are counted as lost", () => {
  const [lost] = run("| true", 100)
  expect(Number(lost)).toBeGreaterThan(90)
})

test("a log on a full disk ends no process: its lines are counted as lost", () => {
  const [lost] = run("2>/dev/full", 100)
  expect(Number(lost)).toBe(101)
})

test("a log that nobody reads fills no memory: lines beyond a megabyte are lost, and the log says so once it is read", () => {
  const folder = mkdtempSync(`${tmpdir()}/akonis-log-`)
  try {
    const go = `${folder}/go`
    const then = `
      yield* Effect.promise(() => Bun.write(${JSON.stringify(go)}, ""))
      const drained = Effect.promise(() => new Promise((done) => process.stderr.write("\\n", done)))
      yield* drained
      for (let looks = 0; looks < 3; looks++) yield* TestClock.adjust("10 seconds")
      yield* drained`
    const [lost, ...read] = run(`| { until [ -e ${go} ]; do sleep 0.05; done; cat >&3; }`, 2_000, then)
    expect(Number(lost)).toBeGreaterThan(800)
    const messages = read.filter(Boolean).map((line) => (JSON.parse(line) as { readonly message: string }).message)
    const told = messages.filter((message) => !message.startsWith("xx"))
    expect(told).toEqual([expect.stringContaining(`${lost} log lines were lost`)])
    expect(messages.length).toBe(2_001 - Number(lost) + 1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
