/** A folder that holds one JSON file for each record, named after its id. */
import { Effect, FileSystem } from "effect"
import type { z } from "zod"
import type { StoreError } from "../errors.ts"
import { makeFolder, readIfPresent, writeAtomic } from "./atomic-file.ts"

export interface RecordFolder<A> {
  /** Ids of all files, readable or not; none where there is no folder. */
  readonly ids: Effect.Effect<readonly string[]>
  /** The record; `undefined` where there is no such file, or one that holds none. */
  readonly read: (id: string) => Effect.Effect<A | undefined, StoreError>
  /** Writes the whole record, or fails and leaves what was there. Makes the folder. */
  readonly write: (record: A) => Effect.Effect<void, StoreError>
  /** Removes a record, if it can be removed. */
  readonly remove: (id: string) => Effect.Effect<void>
  /** Removes a record; of several who do so at once, also in other processes, it gives true to one only. */
  readonly claim: (id: string) => Effect.Effect<boolean>
}

const uuid = /^[0-9a-f-]{36}$/

/** The records of `folder` as `schema` describes them, of at most `bytes_max` each. Ids are UUIDs. */
export const makeRecordFolder = Effect.fnUntraced(function* <A extends { readonly id: string }>(
  folder: string,
  schema: z.ZodType<A>,
  bytes_max: number,
): Effect.fn.Return<RecordFolder<A>, never, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const provided = Effect.provideService(FileSystem.FileSystem, fs)
  const pathOf = (id: string) => `${folder}/${id}.json`

  const parse = (text: string): A | undefined => {
    try {
      return schema.safeParse(JSON.parse(text)).data
    } catch {
      return undefined
    }
  }

  const claim = (id: string) => {
    const claimed = `${folder}/${id}.taken`
    // Only one of those who come at once can rename it.
    return Effect.isSuccess(fs.rename(pathOf(id), claimed)).pipe(Effect.tap(() => Effect.ignore(fs.remove(claimed))))
  }

  return {
    ids: Effect.suspend(() => fs.readDirectory(folder)).pipe(
      Effect.orElseSucceed((): string[] => []),
      Effect.map((names) => names.flatMap((name) => (name.endsWith(".json") ? name.slice(0, -5) : []))),
      Effect.map((ids) => ids.filter((id) => uuid.test(id))),
    ),
    read: (id) =>
      uuid.test(id)
        ? readIfPresent(pathOf(id), bytes_max).pipe(
            Effect.map((text) => parse(text ?? "")),
            provided,
          )
        : Effect.undefined,
    write: (record) =>
      Effect.andThen(makeFolder(folder), writeAtomic(folder, `${record.id}.json`, JSON.stringify(record))).pipe(
        provided,
      ),
    remove: (id) => Effect.ignore(Effect.suspend(() => fs.remove(pathOf(id)))),
    claim,
  }
})
