import { describe, expect, test } from "bun:test"
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs"
import { Effect, Redacted } from "effect"
import { onRealClock, temporaryFolder } from "../../../test/support/effect.ts"
import { loadConfig } from "../config/load.ts"
import { secretFile } from "../config/secret.ts"
import { appendDurably, readIfPresent } from "./atomic-file.ts"
import { readRegular, whyUnread } from "./regular-file.ts"

const refusal = (path: string, bytes_max = 100) => Effect.map(Effect.flip(readRegular(path, bytes_max)), whyUnread)

describe("a file that a person names", () => {
  test("is refused when it is a pipe, a device, a folder or too large, and nothing waits for it", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        Bun.spawnSync(["mkfifo", `${folder}/pipe`])
        writeFileSync(`${folder}/large`, "x".repeat(101))
        mkdirSync(`${folder}/folder`)
        expect(yield* refusal(`${folder}/pipe`)).toContain("a named pipe")
        expect(yield* refusal("/dev/zero")).toContain("a device")
        expect(yield* refusal(`${folder}/folder`)).toContain("a folder")
        expect(yield* refusal(`${folder}/large`)).toContain("larger than 100 bytes")
        expect(yield* refusal(`${folder}/none`)).toBe("no such file or folder")
        // Of /proc all files say that they hold nothing, and hold something all the same.
        expect(yield* refusal("/proc/self/mountinfo", 10)).toContain("larger than 10 bytes")
        expect((yield* readRegular("/proc/self/comm", 100)).text).not.toBe("")
      }),
    ))

  test("names the file and the reason, be it configuration, secret or a file of the data folder", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        Bun.spawnSync(["mkfifo", `${folder}/pipe`])
        const path = `${folder}/pipe`
        const config = yield* Effect.flip(loadConfig({ file: path, env: {}, plugins: [] }))
        expect([config.source, config.message]).toEqual([path, expect.stringContaining("a named pipe")])
        const secret = yield* Effect.flip(secretFile(path, "client_secret").value)
        expect([secret.source, secret.key, secret.message]).toEqual([
          path,
          "client_secret",
          expect.stringContaining("a named pipe"),
        ])
        const stored = yield* Effect.flip(readIfPresent(path))
        expect([stored.reason, stored.message]).toEqual(["unreadable", expect.stringContaining(path)])
      }),
    ))

  test("may be a link that is swapped for another, as Kubernetes does with secrets", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        writeFileSync(`${folder}/v1`, "first-secret\n")
        writeFileSync(`${folder}/v2`, "other-secret\n")
        symlinkSync("v1", `${folder}/key`)
        const { value } = secretFile(`${folder}/key`, "intake_key")
        expect(Redacted.value(yield* value)).toBe("first-secret")
        symlinkSync("v2", `${folder}/next`)
        renameSync(`${folder}/next`, `${folder}/key`)
        expect(Redacted.value(yield* value)).toBe("other-secret")
      }),
    ))
})

test("a full disk is told in the words of the system", () =>
  onRealClock(
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      symlinkSync("/dev/full", `${folder}/full`)
      const { message } = yield* Effect.flip(appendDurably(folder, "full", "x"))
      expect(message).toContain("no space left on device")
    }),
  ))
