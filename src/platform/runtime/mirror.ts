/**
 * A connector's files where the data path is a bucket: read once at the start into a folder of the container, written back as they
 * change. What has been delivered since the last writing comes again when the container is lost.
 */
import { Effect, FileSystem, type Scope } from "effect"
import type { StoreError } from "../../core/errors.ts"
import { makeFolder, writeAtomic } from "../../core/store/atomic-file.ts"
import { readRegular, versionOf, whyUnread } from "../../core/store/regular-file.ts"
import { bucket as limits } from "../limits.ts"
import type { Bucket } from "./bucket.ts"

/** Positions: they say what has been done, and are written last. */
const positions = /^(cache|context)\.json$/
/** Everything else that a new container has to know. Locks and drafts stay where they are. */
const kept = /^(app-id|[\w-]+\.known|[\w-]+\.removed\.ndjson|dead-letters\/[\w.-]+\.ndjson)$/

/**
 * Fills the folder from the bucket, and keeps the bucket as the folder is until the scope closes, and once more then. Fails when
 * the bucket cannot be read: a position that cannot be read is not the beginning.
 */
export const mirror = Effect.fnUntraced(function* (
  bucket: Bucket,
  folder: string,
): Effect.fn.Return<void, StoreError, FileSystem.FileSystem | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  /** Of what the bucket has: file and version. */
  const written = new Map<string, string>()

  const versionNow = (name: string) =>
    Effect.orElseSucceed(Effect.map(fs.stat(`${folder}/${name}`), versionOf), () => undefined)

  const fetchOne = Effect.fnUntraced(function* (name: string) {
    const text = yield* bucket.get(name)
    if (text === undefined) return
    const [file = "", parent] = name.split("/").reverse()
    const into = parent === undefined ? folder : `${folder}/${parent}`
    yield* makeFolder(into)
    yield* writeAtomic(into, file, text)
    const version = yield* versionNow(name)
    if (version !== undefined) written.set(name, version)
  })

  const read = (name: string) =>
    readRegular(`${folder}/${name}`, limits.object_bytes_max).pipe(
      Effect.map((file) => ({ name, ...file })),
      Effect.catch((error) =>
        Effect.as(Effect.logError(`${name} is not kept in ${bucket.name}: ${whyUnread(error)}`), undefined),
      ),
    )

  const writeBack = Effect.gen(function* () {
    const names = yield* Effect.orElseSucceed(fs.readDirectory(folder, { recursive: true }), () => [])
    const changed: string[] = []
    for (const name of names.filter((one) => positions.test(one) || kept.test(one)))
      if ((yield* versionNow(name)) !== written.get(name)) changed.push(name)
    // Positions are read first and written last: what they count as done is in the bucket before them.
    const held = yield* Effect.forEach(
      changed.filter((name) => positions.test(name)),
      read,
    )
    for (const name of changed.filter((one) => !positions.test(one))) yield* write(yield* read(name))
    for (const one of held) yield* write(one)
  })

  const write = Effect.fnUntraced(function* (
    file: { readonly name: string; readonly text: string; readonly version: string } | undefined,
  ) {
    if (file === undefined) return
    yield* bucket.put(file.name, file.text)
    written.set(file.name, file.version)
  })

  yield* makeFolder(folder)
  const keys = yield* bucket.list
  yield* Effect.forEach(
    keys.filter((key) => positions.test(key) || kept.test(key)),
    fetchOne,
    { discard: true },
  )
  const told = Effect.catch(writeBack, ({ message }) =>
    Effect.logError(`${message}; what is delivered since would come again`),
  )
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeoutOption(told, limits.last_ms_max)))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(limits.write_back_ms), told)))
})
