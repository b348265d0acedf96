import { describe, expect, test } from "bun:test"
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { onRealClock, onTestClock, temporaryFolder } from "../../../test/support/effect.ts"
import type { HealthCell } from "../telemetry/health.ts"
import { lockFolder } from "./lock.ts"
import { watchFolder } from "./watch-folder.ts"

const script = `
  import { Effect } from "effect"
  import { lockFolder } from ${JSON.stringify(`${import.meta.dir}/lock.ts`)}
  const program = Effect.scoped(Effect.andThen(lockFolder(process.env.FOLDER), Effect.andThen(Effect.sync(() => console.log("held")), Effect.never)))
  Effect.runPromise(program).catch((error) => { console.log(error.reason); process.exit(0) })
  setInterval(() => {}, 1000)
`

/** The user without rights, on every system that has users. */
const nobody = 65_534

/** Another process that locks the folder: the first thing it says, and the process. */
const another = async (folder: string) => {
  const child = Bun.spawn([process.execPath, "-e", script], {
    cwd: `${import.meta.dir}/../../..`,
    env: { ...process.env, FOLDER: folder },
    stdout: "pipe",
    stderr: "inherit",
  })
  const { value } = await child.stdout.getReader().read()
  return { said: new TextDecoder().decode(value).trim(), child }
}

/** What any code of this process may do to a file, as an action that reads a path does. */
const openAndCloseAll = (folder: string): number => {
  let opened = 0
  for (const name of readdirSync(folder)) {
    try {
      closeSync(openSync(`${folder}/${name}`, "r"))
      readFileSync(`${folder}/${name}`)
      opened++
    } catch {}
  }
  return opened
}

describe("the lock of a data folder", () => {
  test("is held by one at a time and free again with its scope", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* lockFolder(folder)
            const error = yield* Effect.flip(Effect.scoped(lockFolder(folder)))
            expect(error).toMatchObject({
              reason: "locked",
              message: expect.stringContaining("another akonis process"),
            })
          }),
        )
        yield* Effect.scoped(lockFolder(folder))
      }),
    ))

  test("goes to one of several that start at the same moment", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        for (let round = 0; round < 5; round++) {
          const starts = Array.from({ length: 4 }, () => Effect.exit(lockFolder(folder)))
          const exits = yield* Effect.scoped(Effect.all(starts, { concurrency: "unbounded" }))
          expect(exits.filter(Exit.isSuccess)).toHaveLength(1)
        }
      }),
    ))

  test("keeps a second process out though every file of the folder is opened and closed by the one that holds it", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        yield* lockFolder(folder)
        writeFileSync(`${folder}/cache.json`, "{}")
        expect(openAndCloseAll(folder)).toBeGreaterThan(1)
        const { said, child } = yield* Effect.promise(() => another(folder))
        child.kill("SIGKILL")
        expect(said).toBe("locked")
      }),
    ))

  test("is free after kill -9", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const { said, child } = yield* Effect.promise(() => another(folder))
        expect(said).toBe("held")
        expect((yield* Effect.flip(lockFolder(folder))).reason).toBe("locked")
        child.kill("SIGKILL")
        yield* Effect.promise(() => child.exited)
        yield* lockFolder(folder)
      }),
    ))

  test("is held by a process that stands still", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const { child } = yield* Effect.promise(() => another(folder))
        rmSync(`${folder}/lock`)
        child.kill("SIGSTOP")
        const error = yield* Effect.flip(lockFolder(folder))
        child.kill("SIGKILL")
        expect(error.reason).toBe("locked")
      }),
    ))

  test("is refused when its file is read-only, which would lock nobody out", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        writeFileSync(`${folder}/lock`, "")
        chmodSync(`${folder}/lock`, 0o400)
        const error = yield* Effect.flip(lockFolder(folder))
        expect([error.reason, error.message]).toEqual([
          "unwritable",
          expect.stringContaining("must belong to this user"),
        ])
      }),
    ))

  /** Root may give a file away; anybody else finds one of root behind a link. */
  const makeForeign = (path: string): void => {
    if (process.geteuid?.() === 0) {
      writeFileSync(path, "", { mode: 0o666 })
      chownSync(path, nobody, nobody)
    } else symlinkSync("/etc/passwd", path)
  }

  test.each([
    ["work", "lock"],
    ["serve", "serve.lock"],
  ] as const)("is refused when its file is another user's: %s", (part, name) =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        makeForeign(`${folder}/${name}`)
        const error = yield* Effect.flip(lockFolder(folder, [part]))
        expect(error.reason).toBe("unwritable")
        expect(error.message).toContain(`${name} must belong to this user`)
        expect(existsSync(`${folder}/${name}.socket`)).toBe(false)
      }),
    ),
  )

  test("is refused to a user who may not write to its file", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        const is_root = process.geteuid?.() === 0
        if (is_root) {
          chmodSync(folder, 0o777)
          writeFileSync(`${folder}/lock`, "", { mode: 0o644 })
        } else symlinkSync("/etc/passwd", `${folder}/lock`)
        // Root may do everything, so for this moment the test is nobody.
        const become = (uid: number) => Effect.sync(() => (is_root ? process.seteuid?.(uid) : undefined))
        const error = yield* Effect.flip(lockFolder(folder)).pipe((attempt) =>
          Effect.acquireUseRelease(
            become(nobody),
            () => attempt,
            () => become(0),
          ),
        )
        expect([error.reason, error.message]).toEqual([
          "unwritable",
          expect.stringMatching(/EACCES|permission denied/i),
        ])
      }),
    ))

  test("is for its owner alone, also when an earlier version left its file to everybody", () =>
    onRealClock(
      Effect.gen(function* () {
        const folder = yield* temporaryFolder
        writeFileSync(`${folder}/lock`, "", { mode: 0o644 })
        yield* lockFolder(folder)
        const modes = ["lock", "lock.socket"].map((name) => statSync(`${folder}/${name}`).mode & 0o777)
        expect(modes).toEqual([0o600, 0o600])
      }),
    ))

  test("says so when the folder cannot be written to", () =>
    onRealClock(
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped(lockFolder("/proc/1/nowhere")))
        expect(error.reason).toBe("unwritable")
      }),
    ))
})

describe("a data folder that is deleted while it is used", () => {
  const watched = Effect.fnUntraced(function* (folder: string) {
    const told: string[] = []
    const cell: HealthCell = {
      set: (status, detail) => Effect.sync(() => void told.push(`${status} ${detail}`.trim())),
      describe: () => undefined,
    }
    const lock = yield* lockFolder(folder)
    const fiber = yield* Effect.forkScoped(
      watchFolder({ folder, inner: () => [`${folder}/acme`], lock, tell: cell.set }),
    )
    yield* Effect.yieldNow
    return { told, fiber, lock }
  })

  test("fails health until it is made anew, and is locked again before it is ok", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = `${yield* temporaryFolder}/data`
        mkdirSync(folder)
        const { told, lock } = yield* watched(folder)
        yield* TestClock.adjust(1_000)
        expect(told).toEqual([])
        rmSync(folder, { recursive: true })
        yield* TestClock.adjust(3_000)
        expect(told).toEqual([expect.stringMatching(/^failed .* is gone/)])
        expect(existsSync(folder)).toBe(false)
        mkdirSync(folder)
        yield* TestClock.adjust(1_000)
        yield* Effect.promise(() => Bun.sleep(200))
        yield* TestClock.adjust(1_000)
        expect(told.slice(1)).toEqual(["ok"])
        expect([lock.state(), existsSync(`${folder}/acme`)]).toEqual(["replaced", true])
        expect((yield* Effect.flip(lockFolder(folder))).reason).toBe("locked")
      }),
    ))

  test("ends the process when another one has taken what stands in its place", () =>
    onTestClock(
      Effect.gen(function* () {
        const folder = `${yield* temporaryFolder}/data`
        mkdirSync(folder)
        const { fiber } = yield* watched(folder)
        renameSync(folder, `${folder}-away`)
        mkdirSync(folder)
        const { said, child } = yield* Effect.promise(() => another(folder))
        expect(said).toBe("held")
        yield* TestClock.adjust(1_000)
        yield* Effect.promise(() => Bun.sleep(200))
        const error = yield* Effect.flip(Fiber.join(fiber))
        child.kill("SIGKILL")
        expect(error.reason).toBe("locked")
      }),
    ))
})
