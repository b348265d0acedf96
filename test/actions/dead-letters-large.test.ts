/** Dead letters may be gigabytes: whoever asks for one of them must not fill the memory of the process that delivers. */
import { expect, test } from "bun:test"
import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs"
import { Effect, FileSystem } from "effect"
import { status as limits } from "../../src/core/limits/operator.ts"
import { hold } from "../../src/core/store/alone.ts"
import { onRealClock } from "../support/effect.ts"
import { tokens, withServed } from "./served.ts"

test("dead letters beyond a size are left to a shell: none is shown, replayed or removed by the server", () =>
  withServed({}, async ({ ask, data_dir }) => {
    const file = `${data_dir}/dead-letters/2026-01-02.ndjson`
    mkdirSync(`${data_dir}/dead-letters`)
    writeFileSync(file, "")
    truncateSync(file, limits.letters_bytes_max + 1)
    const asked = [
      await ask("/dead-letters/none", { token: tokens.responder }),
      await ask("/admin/dead-letters/replay", { method: "POST", token: tokens.admin, body: { all: true } }),
      await ask("/admin/dead-letters/purge", { method: "POST", token: tokens.admin, body: { which: "all" } }),
    ]
    for (const { status, text } of asked) expect([status, text]).toEqual([503, expect.stringContaining("in a shell")])
    expect(existsSync(file)).toBe(true)
    truncateSync(file, 0)
    expect((await ask("/dead-letters/none", { token: tokens.responder })).status).toBe(404)
  }))

test("dead letters that a shell replays just now are left alone by the server, which says so", () =>
  withServed({}, async ({ ask, data_dir }) => {
    const file = `${data_dir}/dead-letters/2026-01-02.ndjson`
    mkdirSync(`${data_dir}/dead-letters`)
    const letter = {
      id: "a-1",
      encoding: "utf8",
      raw: "{}",
      bytes: 2,
      offset: 1,
      reason: "refused_by_intake",
      detail: "",
    }
    writeFileSync(file, `${JSON.stringify(letter)}\n`)
    const purge = () =>
      ask("/admin/dead-letters/purge", { method: "POST", token: tokens.admin, body: { which: "all" } })
    const replay = () => ask("/admin/dead-letters/replay", { method: "POST", token: tokens.admin, body: { all: true } })
    await onRealClock(
      Effect.gen(function* () {
        expect(yield* hold(yield* FileSystem.FileSystem, `${data_dir}/dead-letters`)).toBe(true)
        for (const asked of [yield* Effect.promise(purge), yield* Effect.promise(replay)]) {
          expect([asked.status, asked.text]).toEqual([
            503,
            expect.stringContaining("another replay or purge is under way"),
          ])
        }
      }),
    )
    expect(existsSync(file)).toBe(true)
    expect((await purge()).status).toBe(200)
    expect(existsSync(file)).toBe(false)
  }))
