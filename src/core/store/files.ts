/**
 * The file system of the product: Effect's, with the handles of open files made synchronous, all but `sync`. Offsets are stored after every
 * batch, and the other asynchronous calls of an atomic write cost several times the work itself; they are answered from memory, as the data
 * folder is on a local disk. `sync` waits for the disk, which may take any time.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  writeSync,
} from "node:fs"
import { NodeFileSystem } from "@effect/platform-node"
import { ByteSize, Effect, FileSystem, Layer, Option, PlatformError } from "effect"
import { withLocks } from "./alone.ts"
import { holdFile } from "./hold-file.ts"

/** Everything but `open`, `rename` and the locks is Node's implementation. */
export const layerFiles: Layer.Layer<FileSystem.FileSystem> = Layer.effect(
  FileSystem.FileSystem,
  Effect.map(FileSystem.FileSystem, (fs) =>
    withLocks(
      {
        ...fs,
        open: (path, options) =>
          Effect.acquireRelease(
            call("open", path, () => openSync(path, flagOf(options?.flag), options?.mode)),
            (descriptor) => Effect.sync(() => closeSync(descriptor)),
          ).pipe(Effect.map((descriptor) => handle(path, descriptor))),
        rename: (from, to) => call("rename", to, () => renameSync(from, to)),
      },
      { hold: (path) => holdFile(path, (file, error) => problem("lock", file, tagOf(error), error)) },
    ),
  ),
).pipe(Layer.provide(NodeFileSystem.layer))

/** Opening a named pipe for reading would stop the process until somebody writes; `O_NONBLOCK` prevents that, and does nothing to files. */
const flagOf = (flag: FileSystem.OpenFlag = "r") =>
  flag === "r" ? constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY : flag

const handle = (path: string, descriptor: number): FileSystem.File => {
  let position = 0
  const writeAll = (bytes: Uint8Array) =>
    call("write", path, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
    })
  const read = (buffer: Uint8Array) =>
    call("read", path, () => {
      const bytes = readSync(descriptor, buffer, 0, buffer.length, position)
      position += bytes
      return bytes
    })
  return {
    [FileSystem.FileTypeId]: FileSystem.FileTypeId,
    stat: call("stat", path, () => info(fstatSync(descriptor))),
    seek: (offset, from) =>
      Effect.sync(() => {
        position = from === "start" ? Number(offset) : position + Number(offset)
        return BigInt(position)
      }),
    sync: synced(path, descriptor),
    read,
    readAlloc: (size) => {
      const buffer = new Uint8Array(size)
      return Effect.map(read(buffer), (bytes) => (bytes === 0 ? Option.none() : Option.some(buffer.subarray(0, bytes))))
    },
    truncate: (bytes = 0) => call("truncate", path, () => ftruncateSync(descriptor, Number(bytes))),
    write: (bytes) => Effect.as(writeAll(bytes), bytes.length),
    writeAll,
  }
}

const call = <A>(method: string, path: string, run: () => A): Effect.Effect<A, PlatformError.PlatformError> =>
  Effect.try({ try: run, catch: (error) => problem(method, path, tagOf(error), error) })

/**
 * Waits until what was written is on the disk. The only call that waits for the disk itself: one that is slow, or stands still for a
 * while, must not stop the process, its feeds and its other tenants. Not to be interrupted: the descriptor is closed behind it.
 */
const synced = (path: string, descriptor: number): Effect.Effect<void, PlatformError.PlatformError> =>
  Effect.uninterruptible(
    Effect.callback((resume) =>
      fsync(descriptor, (error) =>
        resume(error ? Effect.fail(problem("sync", path, tagOf(error), error)) : Effect.void),
      ),
    ),
  )

const problem = (method: string, path: string, _tag: PlatformError.SystemErrorTag, cause: unknown) =>
  PlatformError.systemError({ _tag, module: "FileSystem", method, pathOrDescriptor: path, cause })

const tags: Readonly<Record<string, PlatformError.SystemErrorTag>> = {
  ENOENT: "NotFound",
  EACCES: "PermissionDenied",
  EPERM: "PermissionDenied",
  EROFS: "PermissionDenied",
  EEXIST: "AlreadyExists",
  EISDIR: "BadResource",
  ENOTDIR: "BadResource",
  EBUSY: "Busy",
}

const tagOf = (error: unknown): PlatformError.SystemErrorTag =>
  tags[(error as NodeJS.ErrnoException).code ?? ""] ?? "Unknown"

/** As much of a file's status as the product uses. */
const info = (stats: Stats) =>
  ({
    type: typeOf(stats),
    size: ByteSize.bytes(stats.size),
    mtime: Option.some(stats.mtime),
    ino: Option.some(BigInt(stats.ino)),
    mode: stats.mode,
  }) as FileSystem.File.Info

const typeOf = (stats: Stats): FileSystem.File.Type => {
  if (stats.isFile()) return "File"
  if (stats.isDirectory()) return "Directory"
  if (stats.isFIFO()) return "FIFO"
  if (stats.isSocket()) return "Socket"
  if (stats.isCharacterDevice()) return "CharacterDevice"
  return stats.isBlockDevice() ? "BlockDevice" : "Unknown"
}
