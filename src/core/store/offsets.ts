/**
 * The committed offsets: `cache.json`, `{ "<stream root URL>": <last offset> }`, in the form that the Python module writes and
 * reads. The root URL is the feed's URL up to its query: offsets belong to a tenant's partition, not to the
 * app id that read them (gofalcon issue 363).
 */
import { Clock, Context, Effect, FileSystem, Layer, type Scope, Semaphore } from "effect"
import type { Passenger } from "../delivery/commits.ts"
import { commits as limits } from "../delivery/limits.ts"
import { StoreError } from "../errors.ts"
import { jsonObject } from "../json-object.ts"
import { monotonicMs } from "../monotonic.ts"
import { Tenant } from "../tenant/identity.ts"
import { readIfPresent, writeAtomic } from "./atomic-file.ts"

/** The offsets of one tenant, once they have been read. */
export interface OpenOffsets {
  /** The last committed offset of a partition, -1 for none. */
  readonly get: (root_url: string) => number
  /** The partitions that an offset is stored for. */
  readonly roots: () => readonly string[]
  /**
   * Stores an offset, and with it what other partitions have put off; on the disk when this succeeds. One that is not higher than what is
   * stored changes nothing.
   */
  readonly commit: (root_url: string, offset: number) => Effect.Effect<void, StoreError>
  /**
   * What a partition has put off goes along with every store of another one from now on, until the scope ends. Absent where every
   * partition is stored for itself.
   */
  readonly takeAlong?: (root_url: string, passenger: Passenger) => Effect.Effect<void, never, Scope.Scope>
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
  const passengers = new Map<Passenger, string>()
  let changes = 0
  let stored = 0

  const raise = (root_url: string, offset: number) => {
    if (offset <= (offsets.get(root_url) ?? -1)) return
    offsets.set(root_url, offset)
    changes++
  }

  const board = () => {
    const aboard: (readonly [Passenger, number])[] = []
    for (const [passenger, root_url] of passengers) {
      const offset = passenger.begin()
      if (offset < 0) continue
      raise(root_url, offset)
      aboard.push([passenger, offset])
    }
    return aboard
  }

  const clock = yield* Clock.Clock
  const pause = makePause(clock)

  // Partitions that commit at the same time share one write: the first of them writes for all.
  const store = Effect.suspend(() => {
    const aboard = board()
    const writing = changes
    const ended = pause.begin()
    return writeAtomic(data_dir, file_name, `${JSON.stringify(Object.fromEntries(offsets), null, 2)}\n`).pipe(
      Effect.onExit(({ _tag }) => {
        ended()
        if (_tag === "Success") stored = writing
        return Effect.forEach(aboard, ([passenger, offset]) => passenger.end(offset, _tag === "Success"), {
          discard: true,
        })
      }),
    )
  }).pipe(Effect.provideService(FileSystem.FileSystem, fs))

  const commit = (root_url: string, offset: number) =>
    Effect.suspend(() => {
      raise(root_url, offset)
      const mine = changes
      const storeUnlessDone = Effect.suspend(() => (stored >= mine ? Effect.void : Effect.andThen(pause.over, store)))
      return Semaphore.withPermits(one_writer, 1)(storeUnlessDone)
    })

  const takeAlong = (root_url: string, passenger: Passenger) =>
    Effect.asVoid(
      Effect.acquireRelease(
        Effect.sync(() => passengers.set(passenger, root_url)),
        () => Effect.sync(() => passengers.delete(passenger)),
      ),
    )

  return { get: (root_url) => offsets.get(root_url) ?? -1, roots: () => [...offsets.keys()], commit, takeAlong }
})

/**
 * Between two stores lies a pause of `commits.pause_times` what the last one took: a store takes time of the whole process, and with hundreds of
 * partitions the next commit is always there already. What comes meanwhile shares one store.
 */
const makePause = (clock: Clock.Clock) => {
  let until_ms = Number.NEGATIVE_INFINITY
  return {
    /** A store begins; call what it gives when it has ended. */
    begin: () => {
      const begun_ms = monotonicMs(clock)
      return () => {
        const ended_ms = monotonicMs(clock)
        until_ms = ended_ms + Math.min(limits.pause_times * (ended_ms - begun_ms), limits.wait_ms_max)
      }
    },
    over: Effect.suspend(() => {
      const left_ms = Math.ceil(until_ms - monotonicMs(clock))
      return left_ms > 0 ? Effect.sleep(left_ms) : Effect.void
    }),
  }
}

const load = Effect.fnUntraced(function* (path: string) {
  const text = yield* readIfPresent(path)
  if (text === undefined) return new Map<string, number>()
  const parsed = jsonObject(text) ?? (yield* unreadable(path, "it holds no JSON object"))
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
