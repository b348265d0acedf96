/** `akonis dead-letters replay|purge`: who did it is in the audit log, and nobody loses events by mistake. */
import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { Effect, Exit, FileSystem } from "effect"
import { type Listening, listen } from "../../simulator/listen.ts"
import { makeCli } from "../../src/akonis.ts"
import { userName } from "../../src/core/runtime/user-name.ts"
import { hold } from "../../src/core/store/alone.ts"
import { plugins } from "../../src/plugins/index.ts"
import { onRealClock } from "../support/effect.ts"

let folder: string
let sim: Listening
const day = "dead-letters/2026-01-02.ndjson"

beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/akonis-letters-`)
  sim = listen({ templates: 2 })
  mkdirSync(`${folder}/data/dead-letters`, { recursive: true })
  const { client_id, client_secret, intake_key } = sim.simulator.settings
  const stream = { intake_key, intake_url: sim.url }
  const keys = { client_id, client_secret, base_url: sim.url, data_dir: `${folder}/data` }
  writeFileSync(`${folder}/akonis.yaml`, JSON.stringify({ ...keys, plugins: { "event-stream": stream } }))
})
afterAll(async () => {
  await sim.stop()
  rmSync(folder, { recursive: true, force: true })
})

const record = (ids: readonly string[]) =>
  writeFileSync(
    `${folder}/data/${day}`,
    ids
      .map((id, offset) => {
        const raw = `{"metadata":{"offset":${offset}}}`
        const common = { id, at: "2026-01-02T03:04:05.000Z", partition: "/0", reason: "refused_by_intake", detail: "" }
        return `${JSON.stringify({ ...common, offset, encoding: "utf8", raw, bytes: raw.length })}\n`
      })
      .join(""),
  )

const audit = () =>
  readFileSync(`${folder}/data/audit.ndjson`, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const ctrl_d = Symbol("the end of the input")

/** Runs it; what it printed and its exit status. `typed`: somebody sits at a terminal. */
const akonis = async (args: readonly string[], typed?: string | typeof ctrl_d) => {
  let out = ""
  const write = ((text: string, done?: () => void) => {
    out += text
    done?.()
    const type = () =>
      typed === ctrl_d ? process.stdin.emit("end") : process.stdin.emit("data", Buffer.from(`${String(typed)}\n`))
    if (text.includes("Type ")) setTimeout(type, 0)
    return true
  }) as typeof process.stdout.write
  const spies = [
    spyOn(process.stdout, "write").mockImplementation(write),
    spyOn(process.stderr, "write").mockImplementation(write),
    // What is typed is ours, and not what the tests themselves were started with.
    spyOn(process.stdin, "resume").mockImplementation(() => process.stdin),
  ]
  const { isTTY } = process.stdin
  process.stdin.isTTY = typed !== undefined
  try {
    const run = makeCli(plugins)(["dead-letters", ...args, "--config", `${folder}/akonis.yaml`])
    const exit = await Effect.runPromiseExit(run)
    const error = Exit.isFailure(exit)
      ? (exit.cause.reasons[0] as { readonly error?: { status: number } }).error
      : undefined
    return { out, status: Exit.isSuccess(exit) ? 0 : error?.status }
  } finally {
    process.stdin.isTTY = isTTY
    for (const spy of spies) spy.mockRestore()
  }
}

const who = `shell:${userName()}`

describe("dead letters from the shell", () => {
  test("that are replayed and purged leave a line in the audit log", async () => {
    record(["one", "two"])
    expect(await akonis(["replay", "one"])).toMatchObject({ status: 0 })
    expect(await akonis(["purge"])).toEqual({ out: "1 removed, 1 kept\n", status: 0 })
    expect(audit()).toMatchObject([
      { who, via: "shell", action: "dead-letters-replay", ids: ["one"], outcome: "success", counts: { succeeded: 1 } },
      { who, via: "shell", action: "dead-letters-purge", arguments: { which: "replayed" }, outcome: "success" },
    ])
  })

  test("are lost for good only once somebody has typed how many, or has said --yes", async () => {
    record(["one", "two", "three"])
    const before = readFileSync(`${folder}/data/${day}`, "utf8")
    const nobody = await akonis(["purge", "--all"])
    expect([nobody.status, nobody.out]).toEqual([
      2,
      expect.stringContaining("say --yes where no terminal can be asked"),
    ])
    const lines = audit().length
    for (const typed of ["y", ctrl_d] as const) {
      const mistyped = await akonis(["purge", "--all"], typed)
      expect([mistyped.status, mistyped.out]).toEqual([1, expect.stringContaining("nothing was removed")])
    }
    expect([readFileSync(`${folder}/data/${day}`, "utf8"), audit().length]).toEqual([before, lines])
    // "one" was replayed: it is not lost.
    expect((await akonis(["purge", "--all"], "2")).out).toContain("3 removed, 0 kept")
    record(["four"])
    expect(await akonis(["purge", "--all", "--yes"])).toEqual({ out: "1 removed, 0 kept\n", status: 0 })
    expect(audit().at(-1)).toMatchObject({ action: "dead-letters-purge", arguments: { which: "all" } })
  })

  test("are purged without a question where none is lost", async () => {
    expect(await akonis(["purge", "--all"])).toEqual({ out: "0 removed, 0 kept\n", status: 0 })
    // "one" was replayed.
    record(["one"])
    expect(await akonis(["purge", "--all"])).toEqual({ out: "1 removed, 0 kept\n", status: 0 })
  })

  test("are replayed and purged by one at a time, be it another shell or the server: no letter is posted twice", async () => {
    const held = <A>(work: () => Promise<A>) =>
      onRealClock(
        Effect.gen(function* () {
          expect(yield* hold(yield* FileSystem.FileSystem, `${folder}/data/dead-letters`)).toBe(true)
          return yield* Effect.promise(work)
        }),
      )
    record(["five", "six"])
    const before = readFileSync(`${folder}/data/${day}`, "utf8")
    const lines = audit().length
    await held(async () => {
      for (const args of [
        ["replay", "--all"],
        ["purge", "--all", "--yes"],
      ]) {
        const refused = await akonis(args)
        expect([refused.status, refused.out]).toEqual([
          expect.any(Number),
          expect.stringContaining("another replay or purge is under way"),
        ])
      }
    })
    expect([readFileSync(`${folder}/data/${day}`, "utf8"), audit().length]).toEqual([before, lines])
    const [one, other] = await Promise.all([akonis(["replay", "--all"]), akonis(["replay", "--all"])])
    expect([one, other].map(({ status }) => status === 0).sort()).toEqual([false, true])
    expect(audit().slice(lines)).toMatchObject([{ action: "dead-letters-replay", counts: { succeeded: 2 } }])
  })
})
