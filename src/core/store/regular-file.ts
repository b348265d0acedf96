/**
 * Reads files that a person or an earlier process has written, and only regular files: reading from a pipe, a
 * device or a socket may never end, and opening one may stop the process. Symbolic links are followed: Kubernetes mounts
 * secrets as links to regular files.
 */
import { Effect, FileSystem, type PlatformError as Platform } from "effect"

/** Why a file was not read, in the operator's words: "a folder, no regular file", "no such file". */
export type Unread = string

/**
 * The bytes of a regular file, opened once and judged by its descriptor, so that it cannot be swapped in between. Fails
 * when it is none, or holds more than `bytes_max`; a file that grows meanwhile is read up to the bound and then refused.
 */
export const readRegular = (
  path: string,
  bytes_max: number,
): Effect.Effect<
  { readonly text: string; readonly version: string },
  Unread | Platform.PlatformError,
  FileSystem.FileSystem
> =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.open(path, { flag: "r" })
      const info = yield* file.stat
      if (info.type !== "File")
        return yield* Effect.fail(`it is ${kinds[info.type] ?? "something else"}, no regular file`)
      if (info.size > BigInt(bytes_max)) return yield* Effect.fail(tooLarge(bytes_max))
      const parts: Uint8Array[] = []
      let bytes = 0
      while (true) {
        const part = new Uint8Array(Math.max(part_bytes_min, Number(info.size) + 1 - bytes))
        const got = Number(yield* file.read(part))
        if (got === 0) break
        bytes += got
        if (bytes > bytes_max) return yield* Effect.fail(tooLarge(bytes_max))
        parts.push(part.subarray(0, got))
      }
      const text = Buffer.concat(parts).toString("utf8")
      return { text, version: versionOf(info) }
    }),
  )

/** Changes whenever the file is written or replaced, as far as its number, size and time tell. */
export const versionOf = ({ size, mtime, ino }: FileSystem.File.Info): string => {
  const modified_ms = mtime._tag === "Some" ? mtime.value.getTime() : 0
  return `${size} ${modified_ms} ${ino?._tag === "Some" ? ino.value : 0}`
}

/** The reason why a file was not read, in the operator's words. */
export const whyUnread = (error: Unread | Platform.PlatformError): string =>
  typeof error === "string" ? error : systemWords(error)

/** The system's error in words that an operator knows from its manual. */
export const systemWords = ({ reason }: Platform.PlatformError): string => {
  const code = codeOf(reason)
  const known = words[code ?? ""] ?? tag_words[reason._tag]
  return known ?? `${reason._tag}${code === undefined ? "" : ` (${code})`}`
}

const codeOf = (reason: { readonly cause?: unknown }): string | undefined => {
  const cause = reason.cause
  return typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined
}

const words: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on device",
  EDQUOT: "the disk quota is exceeded",
  EROFS: "the file system is read-only",
  EIO: "the disk reports an input/output error",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open on this machine",
  EISDIR: "a folder stands in its place",
  EEXIST: "something else stands in its place",
  ENOTDIR: "a file stands where a folder should be",
  ENXIO: "it is a socket or a device, no regular file",
  ELOOP: "symbolic links go round in circles",
}

const tag_words: Readonly<Record<string, string>> = {
  NotFound: "no such file or folder",
  PermissionDenied: "permission denied for this user",
}

const kinds: Readonly<Record<string, string>> = {
  Directory: "a folder",
  FIFO: "a named pipe",
  CharacterDevice: "a device",
  BlockDevice: "a device",
  Socket: "a socket",
}

const tooLarge = (bytes_max: number): string => `it is larger than ${bytes_max} bytes`

const part_bytes_min = 4_096
