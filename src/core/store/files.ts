/**
 * The file system of the product: Effect's, with the handles of open files made synchronous. Offsets are stored after every
 * batch, and the six asynchronous calls of an atomic write cost several times the work itself; the data folder is a local disk,
 * where each takes a fraction of a millisecond.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
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
    sync: call("sync", path, () => fsyncSync(descriptor)),
    read,
    readAlloc: (size) => {
      const buffer = new Uint8Array(size)
      return Effect.map(read(buffer), (bytes) => (bytes === 0 ? Option.none() : Option.some(buffer.subarray(0, bytes))))
    },
    truncate: () => Effect.fail(problem("truncate", path, "InvalidData", undefined)),
    write: (bytes) => Effect.as(writeAll(bytes), bytes.length),
    writeAll,
  }
}

const call = <A>(method: string, path: string, run: () => A): Effect.Effect<A, PlatformError.PlatformError> =>
  Effect.try({ try: run, catch: (error) => problem(method, path, tagOf(error), error) })

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
