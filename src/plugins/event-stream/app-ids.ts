/**
 * App ids: the names under which streams are opened. Falcon gives a stream to one reader per app id and answers with an
 * empty list while an earlier session holds it, a crashed process's too, for up to 30 minutes. So there is a ring of a few
 * ids, kept in `data_dir/app-id` (one a line, the one in use first): a restart after a crash moves on within seconds, and
 * no restart ever leaves more sessions behind than the ring has ids. Offsets do not depend on the app id.
 */
import { Effect, FileSystem, Random } from "effect"
import type { StoreError } from "../../core/errors.ts"
import { readIfPresent, writeAtomic } from "../../core/store/atomic-file.ts"
import { Tenant } from "../../core/tenant/identity.ts"
import { stream } from "./limits.ts"

export interface AppIds {
  /** All of them, the one to try first in front. */
  readonly list: () => readonly string[]
  /** Puts an id in front, also for the next start. */
  readonly prefer: (id: string) => Effect.Effect<void, StoreError>
}

const file_name = "app-id"

/** The ring of an earlier start; `undefined` where there is none, or none with the id that is wanted. */
const keptRing = Effect.fnUntraced(function* (wanted: string | undefined) {
  const { data_dir } = yield* Tenant
  const kept = ((yield* readIfPresent(`${data_dir}/${file_name}`)) ?? "")
    .split("\n")
    .filter((id) => /^[a-z0-9]{1,32}$/.test(id))
  const fits = wanted === undefined || kept.some((id) => id === wanted)
  return kept.length === stream.app_ids_max && fits ? kept : undefined
})

/** The id that a start would try first; `undefined` where it would make one. Writes nothing. */
export const plannedAppId = (wanted: string | undefined) => Effect.map(keptRing(wanted), (kept) => kept?.[0] ?? wanted)

/** `wanted`: the id of the configuration, if any. */
export const loadAppIds = Effect.fnUntraced(function* (wanted: string | undefined) {
  const { data_dir } = yield* Tenant
  const fs = yield* FileSystem.FileSystem
  const kept = yield* keptRing(wanted)
  let ids = kept ?? ringOf(wanted ?? (yield* makeId))
  if (kept === undefined) yield* writeAtomic(data_dir, file_name, `${ids.join("\n")}\n`)

  const prefer = (id: string) =>
    Effect.suspend(() => {
      if (ids[0] === id) return Effect.void
      const at = ids.indexOf(id)
      ids = [...ids.slice(at), ...ids.slice(0, at)]
      return writeAtomic(data_dir, file_name, `${ids.join("\n")}\n`)
    }).pipe(Effect.provideService(FileSystem.FileSystem, fs))

  return { list: () => ids, prefer } satisfies AppIds
})

/** The id itself, then the same with a letter behind. */
const ringOf = (id: string): string[] =>
  Array.from({ length: stream.app_ids_max }, (_, i) => (i === 0 ? id : `${id}${"abcdefgh"[i]}`))

const makeId = Effect.map(Random.nextIntBetween(0, 36 ** 8), (n) => `akonis${n.toString(36).padStart(8, "0")}`)
