/** Effects as tests: on the test clock, or on the real one with a folder of their own. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { Effect, FileSystem, Layer, Logger, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { layerFiles } from "../../src/core/store/files.ts"

/** Files whose sync takes no time: that of a disk takes real time, which a clock that stands still knows nothing of. */
const layerInstantFiles = Layer.effect(
  FileSystem.FileSystem,
  Effect.map(FileSystem.FileSystem, (fs) => ({
    ...fs,
    open: (path: string, options?: Parameters<typeof fs.open>[1]) =>
      Effect.map(fs.open(path, options), (file) => ({ ...file, sync: Effect.void })),
  })),
).pipe(Layer.provide(layerFiles))

/** Runs on a clock that stands still until the test moves it; logs are dropped. */
export const onTestClock = <A, E>(body: Effect.Effect<A, E, Scope.Scope | FileSystem.FileSystem>): Promise<A> =>
  Effect.runPromise(body.pipe(Effect.scoped, Effect.provide([TestClock.layer(), layerInstantFiles, silent])))

/** Runs on the real clock; logs are dropped. */
export const onRealClock = <A, E>(body: Effect.Effect<A, E, Scope.Scope | FileSystem.FileSystem>): Promise<A> =>
  Effect.runPromise(body.pipe(Effect.scoped, Effect.provide([layerFiles, silent])))

export const silent: Layer.Layer<never> = Logger.layer([])

/** A new folder that is gone with the scope. */
export const temporaryFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(`${tmpdir()}/akonis-test-`)),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)
