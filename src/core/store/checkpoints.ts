/**
 * `context.json`: the checkpoints of a tenant's inventories. `most_recent_device_id` and `most_recent_user_id` are those of the
 * Python module; each plugin has one further key. Keys that Akonis does not know stay as they are.
 */
import { Context, Effect, FileSystem, Layer, Semaphore } from "effect"
import { StoreError } from "../errors.ts"
import { type JsonObject, jsonObject } from "../json-object.ts"
import { Tenant } from "../tenant/identity.ts"
import { readIfPresent, writeAtomic } from "./atomic-file.ts"

export class Checkpoints extends Context.Service<
  Checkpoints,
  {
    /** Everything that is stored. Fails when the file is damaged, which is never taken for an empty one. */
    readonly all: Effect.Effect<JsonObject, StoreError>
    /** Stores these keys beside the others; on the disk when this succeeds. Values that are stored already cause no write. */
    readonly set: (changes: JsonObject) => Effect.Effect<void, StoreError>
  }
>()("akonis/core/Checkpoints") {
  /** Reads the file at first use: a tenant without inventories needs none. */
  static readonly layer = Layer.effect(
    Checkpoints,
    Effect.suspend(() => make),
  )
}

const file_name = "context.json"

const make = Effect.gen(function* () {
  const { data_dir } = yield* Tenant
  const fs = yield* FileSystem.FileSystem
  const one_at_a_time = Semaphore.withPermits(yield* Semaphore.make(1), 1)
  let values: JsonObject | undefined

  const read = Effect.suspend(() => (values === undefined ? load(`${data_dir}/${file_name}`) : Effect.succeed(values)))
  const all = Effect.gen(function* () {
    values = yield* read
    return values
  }).pipe(Effect.provideService(FileSystem.FileSystem, fs), one_at_a_time)

  const set = (changes: JsonObject) =>
    Effect.gen(function* () {
      const before = yield* read
      const next = { ...before, ...changes }
      if (JSON.stringify(next) === JSON.stringify(before)) return
      yield* writeAtomic(data_dir, file_name, `${JSON.stringify(next, null, 2)}\n`)
      values = next
    }).pipe(Effect.provideService(FileSystem.FileSystem, fs), one_at_a_time)

  return Checkpoints.of({ all, set })
})

const load = Effect.fnUntraced(function* (
  path: string,
): Effect.fn.Return<JsonObject, StoreError, FileSystem.FileSystem> {
  const text = yield* readIfPresent(path)
  if (text === undefined) return {}
  return jsonObject(text) ?? (yield* damaged(path))
})

const damaged = (path: string): StoreError =>
  new StoreError({
    reason: "unreadable",
    path,
    message: `${path} is damaged: it must be a JSON object. Restore it from a backup, or delete it to read the inventories from the beginning`,
  })
