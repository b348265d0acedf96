/**
 * NDJSON as a destination: events as Falcon sent them, one a line, on standard output or in a file that is rotated by size.
 *
 * A body counts as taken once it is synced to the disk, or has gone into the pipe. The file is valid NDJSON whenever it is looked
 * at after a start: a last line that a crash cut short is cut off, and comes again, since its offset was not committed; what a
 * failed write has left is cut off before the next one.
 */
import { write } from "node:fs"
import { Effect, FileSystem, type PlatformError, Semaphore } from "effect"
import { systemWords } from "../store/regular-file.ts"
import { Tenant } from "../tenant/identity.ts"
import { DeliveryError, type Destination } from "./destination.ts"
import { delivery } from "./limits.ts"
import type { Framing } from "./lines/framing.ts"

export interface NdjsonOptions {
  /** `-` for standard output; a path that does not begin with `/` lies in the tenant's data folder. */
  readonly path: string
  /** The file is set aside before it would become larger. */
  readonly rotate_bytes: number
  /** So many files that were set aside stay: `<path>.1` is the newest. */
  readonly keep: number
  /** Where the configuration says so, for messages. */
  readonly config_keys: readonly string[]
}

const line_end = Uint8Array.of(0x0a)

export const ndjson_framing: Framing = {
  escapes: false,
  separator: line_end,
  tail: line_end,
  head_bytes_max: 0,
  events_max: delivery.batch_events_max,
  bytes_max: delivery.batch_bytes_max,
  // No bound of its own: longer lines are not read at all.
  event_chars_max: delivery.line_bytes_max,
}

export const makeNdjson = Effect.fnUntraced(function* (options: NdjsonOptions) {
  const { path, config_keys } = options
  const { data_dir } = yield* Tenant
  const fs = yield* FileSystem.FileSystem
  const common = { framing: ndjson_framing, is_exclusive: true, head: Effect.succeed(new Uint8Array()) }
  const one_at_a_time = Semaphore.makeUnsafe(1)
  if (path === "-") {
    const post = (body: Uint8Array, events: number) => Effect.as(toStandardOutput(body), events)
    const check = Effect.succeed({ verified: true, detail: "events go to standard output" })
    return { ...common, name: "standard output", post: exclusively(one_at_a_time, post), check } satisfies Destination
  }
  const at = path.startsWith("/") ? path : `${data_dir}/${path}`
  const file = makeFile(fs, at, options)
  const failed = (error: PlatformError.PlatformError | Foreign) =>
    "why" in error
      ? new DeliveryError({ reason: "foreign_file", recovery: "operator", config_keys, message: `${at} ${error.why}` })
      : new DeliveryError({
          reason: "unwritable",
          recovery: "retry",
          config_keys,
          message: `${at} cannot be written: ${systemWords(error)}`,
        })
  const post = (body: Uint8Array, events: number) => Effect.as(Effect.mapError(file.append(body), failed), events)
  const check = Effect.as(Effect.mapError(file.look, failed), { verified: true, detail: `events go to ${at}` })
  return { ...common, name: `file ${at}`, post: exclusively(one_at_a_time, post), check } satisfies Destination
})

/** Partitions share a destination; each body stays in one piece. */
const exclusively =
  (permit: Semaphore.Semaphore, post: Destination["post"]): Destination["post"] =>
  (body, events) =>
    permit.withPermit(post(body, events))

/** A file that is not one of ours, and so is left alone. */
interface Foreign {
  readonly why: string
}

type FileError = PlatformError.PlatformError | Foreign

const makeFile = (fs: FileSystem.FileSystem, path: string, { rotate_bytes, keep }: NdjsonOptions) => {
  /** Bytes of the file that are whole lines and on the disk; `undefined` until it was looked at. */
  let good_bytes: number | undefined
  /** There may be more in it than that. */
  let is_dirty = false
  const folder = path.slice(0, path.lastIndexOf("/")) || "/"

  const sizeNow = Effect.suspend(() => fs.stat(path)).pipe(
    Effect.flatMap(({ type, size }) =>
      type === "File" ? Effect.succeed(Number(size)) : Effect.fail<Foreign>({ why: "is no regular file" }),
    ),
    Effect.catch((error: FileError) =>
      !("why" in error) && error.reason._tag === "NotFound" ? Effect.succeed(0) : Effect.fail(error),
    ),
  )

  /** Where the last whole line ends. Fails when what stands behind it does not look like the beginning of an event. */
  const wholeLines = (size: number): Effect.Effect<number, FileError> =>
    size === 0
      ? Effect.succeed(0)
      : Effect.scoped(
          Effect.gen(function* () {
            const file = yield* fs.open(path, { flag: "r" })
            const piece = new Uint8Array(64 * 1_024)
            let first = 0x0a
            for (let end = size; end > 0; ) {
              const from = Math.max(0, end - piece.length)
              yield* file.seek(BigInt(from), "start")
              const read = Number(yield* file.read(piece.subarray(0, end - from)))
              const found = piece.subarray(0, read).lastIndexOf(0x0a)
              if (found + 1 < read) first = piece[found + 1]!
              if (found >= 0 || from === 0) {
                const whole = from + found + 1
                // A crash of the machine may leave zeros.
                const is_ours = whole === size || first === 0x7b || first === 0
                return is_ours ? whole : yield* Effect.fail<Foreign>({ why: "ends in something that is no event" })
              }
              end = from
            }
            return 0
          }),
        )

  const cut = (bytes: number) =>
    Effect.scoped(
      Effect.gen(function* () {
        const file = yield* fs.open(path, { flag: "r+" })
        yield* file.truncate(bytes)
        yield* file.sync
      }),
    )

  const look = Effect.flatMap(sizeNow, wholeLines)

  /**
   * The size of the file, once there is nothing in it but whole lines that count as taken. One of another size than was left is
   * another file, or was cut: somebody rotates it. Nothing is known of that one.
   */
  const mended = Effect.gen(function* () {
    const size = yield* sizeNow
    if (good_bytes === size) {
      is_dirty = false
      return size
    }
    const good = is_dirty && good_bytes !== undefined && good_bytes < size ? good_bytes : yield* wholeLines(size)
    if (good < size) yield* cut(good)
    is_dirty = false
    good_bytes = good
    return good
  })

  /** Makes room for a new file. Up to the first gap, each one that was set aside goes one further; without a gap the oldest goes. */
  const rotate = Effect.gen(function* () {
    let free = 1
    while (free < keep && (yield* fs.exists(`${path}.${free}`))) free++
    for (let n = free; n > 1; n--) yield* fs.rename(`${path}.${n - 1}`, `${path}.${n}`)
    yield* fs.rename(path, `${path}.1`)
    good_bytes = 0
    yield* syncFolder
  })

  const syncFolder = Effect.suspend(() =>
    Effect.scoped(Effect.flatMap(fs.open(folder, { flag: "r" }), ({ sync }) => sync)),
  )

  const append = Effect.fnUntraced(function* (body: Uint8Array) {
    let size = yield* mended
    if (size > 0 && size + body.length > rotate_bytes) {
      yield* rotate
      size = 0
    }
    is_dirty = true
    yield* Effect.scoped(
      Effect.gen(function* () {
        const file = yield* fs.open(path, { flag: "a", mode: 0o640 })
        yield* file.writeAll(body)
        yield* file.sync
      }),
    )
    if (size === 0) yield* syncFolder
    good_bytes = size + body.length
    is_dirty = false
  })

  return { append, look }
}

/** How long to wait where a pipe that does not block is full. */
const pipe_wait_ms = 10

const toStandardOutput = Effect.fnUntraced(function* (body: Uint8Array) {
  for (let from = 0; from < body.length; ) {
    const result = yield* Effect.callback<number | NodeJS.ErrnoException>((resume) =>
      write(1, body, from, body.length - from, null, (error, written) => resume(Effect.succeed(error ?? written))),
    )
    if (typeof result === "number") from += result
    else if (result.code === "EAGAIN") yield* Effect.sleep(pipe_wait_ms)
    else if (result.code !== "EINTR") {
      const message = `standard output cannot be written: ${result.code ?? result.message}; whoever read it has to be started again, and akonis with it`
      return yield* new DeliveryError({ reason: "unwritable", recovery: "operator", message })
    }
  }
})
