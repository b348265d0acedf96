/**
 * The committed offsets: `cache.json`, `{ "<stream root URL>": <last offset> }`, in the form that the Python module writes and
 * reads. The root URL is the feed's URL up to its query: offsets belong to a tenant's partition, not to the
 * app id that read them (gofalcon issue 363).
 */
import { Context, Effect, FileSystem, Layer, Semaphore } from "effect"
import { StoreError } from "../errors.ts"
import { Tenant } from "../tenant/identity.ts"
import { readIfPresent, writeAtomic } from "./atomic-file.ts"

/** The offsets of one tenant, once they have been read. */
export interface OpenOffsets {
  /** The last committed offset of a partition, -1 for none. */
  readonly get: (root_url: string) => number
  /** The partitions that an offset is stored for. */
  readonly roots: () => readonly string[]
  /** Stores an offset; on the disk when this succeeds. One that is not higher than what is stored changes nothing. */
  readonly commit: (root_url: string, offset: number) => Effect.Effect<void, StoreError>
}

export class Offsets extends Context.Service<
  Offsets,
  {
    /**
     * Reads `cache.json`, the first time. Fails when it is there but unreadable, which is never taken for an empty one; then it is
     * read again by whoever comes next.
     */
    readonly open: Effect.Effect<OpenOffsets, StoreError>
  }
>()("akonis/core/Offsets") {
  static readonly layer = Layer.effect(
    Offsets,
    Effect.suspend(() => make),
  )
}

const file_name = "cache.json"

const make = Effect.gen(function* () {
  const { data_dir } = yield* Tenant
  const fs = yield* FileSystem.FileSystem
  const one_at_a_time = Semaphore.withPermits(yield* Semaphore.make(1), 1)
  let opened: OpenOffsets | undefined
  const open = Effect.gen(function* () {
    opened ??= yield* openIn(data_dir)
    return opened
  }).pipe(Effect.provideService(FileSystem.FileSystem, fs), one_at_a_time)
  return Offsets.of({ open })
})

const openIn = Effect.fnUntraced(function* (
  data_dir: string,
): Effect.fn.Return<OpenOffsets, StoreError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const offsets = yield* load(`${data_dir}/${file_name}`)
  const one_writer = yield* Semaphore.make(1)
  let changes = 0
  let stored = 0

  // Partitions that commit at the same time share one write: the first of them writes for all.
  const store = Effect.gen(function* () {
    const writing = changes
    yield* writeAtomic(data_dir, file_name, `${JSON.stringify(Object.fromEntries(offsets), null, 2)}\n`)
    stored = writing
  }).pipe(Effect.provideService(FileSystem.FileSystem, fs))

  const commit = (root_url: string, offset: number) =>
    Effect.suspend(() => {
      if (offset > (offsets.get(root_url) ?? -1)) {
        offsets.set(root_url, offset)
        changes++
      }
      const mine = changes
      return Semaphore.withPermits(one_writer, 1)(Effect.suspend(() => (stored >= mine ? Effect.void : store)))
    })

  return { get: (root_url) => offsets.get(root_url) ?? -1, roots: () => [...offsets.keys()], commit }
})

const load = Effect.fnUntraced(function* (path: string) {
  const text = yield* readIfPresent(path)
  if (text === undefined) return new Map<string, number>()
  const parsed = yield* Effect.try({
    try: () => JSON.parse(text) as unknown,
    catch: () => unreadable(path, "it is no JSON"),
  })
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return yield* unreadable(path, "it holds no object")
  }
  const offsets = new Map<string, number>()
  for (const [root_url, value] of Object.entries(parsed)) {
    const offset = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value
    if (!Number.isSafeInteger(offset) || (offset as number) < 0) {
      return yield* unreadable(path, `the offset of ${root_url} is ${JSON.stringify(value)}`)
    }
    offsets.set(root_url, offset as number)
  }
  return offsets
})

const unreadable = (path: string, what: string): StoreError =>
  new StoreError({
    reason: "unreadable",
    path,
    message:
      `${path} is damaged: ${what}. It holds the offsets of the streams, so no stream is read without it. ` +
      `Restore it from a backup, or correct it by hand ({"<stream URL without query>": <last offset>}), ` +
      `or delete it to begin at the oldest event that Falcon still holds (events are then delivered again)`,
  })
