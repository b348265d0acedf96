/** Opens the files of an inventory. One that is damaged stops this inventory only, not the process. */
import { Effect, Result } from "effect"
import type { StoreError } from "../errors.ts"
import { assets as limits } from "../limits.ts"
import { Health } from "../telemetry/health.ts"

/**
 * Runs `open` until it succeeds. While a file cannot be read, the plugin waits, health is `failed` with the remedy, and `open` is
 * tried again every minute, so that the plugin goes on by itself once the file is repaired or deleted. Nothing else waits.
 */
export const openWhenReadable = <A, E, R>(plugin_id: string, open: Effect.Effect<A, E | StoreError, R>) =>
  Effect.gen(function* () {
    const health = yield* Health
    const cell = yield* health.cell(plugin_id, "files")
    let said = ""
    for (;;) {
      const result = yield* Effect.result(open)
      if (Result.isSuccess(result)) return result.success
      const error = result.failure
      if (!isStoreError(error)) return yield* Effect.fail(error as E)
      // It counts as started, so that readiness does not wait for it.
      yield* health.started(plugin_id)
      yield* cell.set("failed", error.message)
      if (error.message !== said) yield* Effect.logError(`${error.message}; it is looked at again every minute`)
      said = error.message
      yield* Effect.sleep(limits.refused_ms)
    }
  }).pipe(Effect.scoped)

const isStoreError = (error: unknown): error is StoreError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "StoreError"
