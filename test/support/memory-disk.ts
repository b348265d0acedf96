/**
 * A disk in memory: Effect's `FileSystem`, as far as the core uses it. It knows what a crash would leave: bytes count as
 * safe once their file was synced, names once their folder was.
 */
import { ByteSize, Effect, FileSystem, Layer, Option, PlatformError } from "effect"

interface Inode {
  bytes: Uint8Array
  safe: Uint8Array
  modified: number
}

export interface MemoryDisk {
  readonly layer: Layer.Layer<FileSystem.FileSystem>
  readonly read: (path: string) => string | undefined
  readonly write: (path: string, text: string) => void
  /** What would be read after the worst crash. */
  readonly readSafe: (path: string) => string | undefined
  /** The bytes of it, which nobody may change. */
  readonly readSafeBytes: (path: string) => Uint8Array | undefined
  /** The files of a folder whose names would survive the worst crash. */
  readonly safeNames: (folder: string) => readonly string[]
  /**
   * The machine stops: what was not synced is gone. With `chance` (from 0 up to 1, drawn for everything that was not
   * synced) some of it survives, and some of it in part, as on a real disk.
   */
  readonly crash: (chance?: () => number) => void
  /** While set, every write fails with this reason; half of its bytes are written all the same. */
  failing: PlatformError.SystemErrorTag | undefined
}

/** Stands around every call: may fail it, delay it, never let it return. */
export type DiskGate = <A, E, R>(method: string, path: string, call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const empty = new Uint8Array()

const keepSafe = (inode: Inode): void => {
  inode.safe = inode.bytes
}

/** What a crash leaves of an inode: nothing new, everything, or the first part of it. */
const survive = (inode: Inode, chance: () => number): void => {
  if (inode.bytes === inode.safe) return
  const drawn = chance()
  const is_longer = inode.bytes.length > inode.safe.length && isPrefix(inode.safe, inode.bytes)
  const kept = is_longer ? inode.safe.length : 0
  if (drawn < 1 / 3) inode.bytes = inode.safe
  // A file that was cut has its old length or its new one.
  else if (inode.bytes.length > 0 && isPrefix(inode.bytes, inode.safe)) inode.safe = inode.bytes
  else if (drawn < 2 / 3) inode.bytes = inode.bytes.slice(0, kept + Math.floor((inode.bytes.length - kept) * chance()))
  inode.safe = inode.bytes
}

const isPrefix = (prefix: Uint8Array, bytes: Uint8Array): boolean =>
  Buffer.compare(prefix, bytes.subarray(0, prefix.length)) === 0

const cut = (inode: Inode, bytes: number): void => {
  inode.bytes = inode.bytes.subarray(0, bytes)
}

const open_gate: DiskGate = (_method, _path, call) => call

export const makeMemoryDisk = (gate: DiskGate = open_gate): MemoryDisk => {
  let names = new Map<string, Inode>()
  const safe_names = new Map<string, Inode>()
  const folders = new Set<string>(["."])
  let ticks = 0

  const fail = (_tag: PlatformError.SystemErrorTag, method: string, path: string) =>
    Effect.fail(PlatformError.systemError({ _tag, module: "FileSystem", method, pathOrDescriptor: path }))
  const writable = (method: string, path: string) =>
    disk.failing === undefined ? Effect.void : fail(disk.failing, method, path)
  const lookup = (method: string, path: string) => {
    const inode = names.get(path)
    return inode === undefined ? fail("NotFound", method, path) : Effect.succeed(inode)
  }
  const create = (path: string): Inode => {
    const inode = { bytes: empty, safe: empty, modified: ++ticks }
    names.set(path, inode)
    return inode
  }
  const append = (inode: Inode, more: Uint8Array) => {
    inode.bytes = Buffer.concat([inode.bytes, more])
    inode.modified = ++ticks
  }
  const info = (inode: Inode) =>
    ({
      type: "File",
      size: ByteSize.bytes(inode.bytes.length),
      mtime: Option.some(new Date(inode.modified)),
    }) as FileSystem.File.Info

  const syncFolder = (folder: string) => {
    const inside = (path: string) => path.slice(0, path.lastIndexOf("/")) === folder
    for (const path of safe_names.keys()) if (inside(path) && !names.has(path)) safe_names.delete(path)
    for (const [path, inode] of names) if (inside(path)) safe_names.set(path, inode)
  }

  const handle = (inode: Inode, path: string): FileSystem.File => {
    let position = 0
    const write = (bytes: Uint8Array) =>
      gate(
        "write",
        path,
        Effect.suspend(() => {
          append(inode, disk.failing === undefined ? bytes : bytes.subarray(0, bytes.length >> 1))
          return writable("write", path)
        }),
      )
    return {
      [FileSystem.FileTypeId]: FileSystem.FileTypeId,
      stat: Effect.sync(() => info(inode)),
      seek: (offset) =>
        Effect.sync(() => {
          position = Number(offset)
          return offset
        }),
      sync: gate(
        "sync",
        path,
        Effect.andThen(
          writable("sync", path),
          Effect.sync(() => keepSafe(inode)),
        ),
      ),
      read: (buffer) =>
        Effect.sync(() => {
          const part = inode.bytes.subarray(position, position + buffer.length)
          buffer.set(part)
          position += part.length
          return part.length
        }),
      readAlloc: () => Effect.succeed(Option.none()),
      truncate: (bytes) =>
        Effect.andThen(
          writable("truncate", path),
          Effect.sync(() => cut(inode, Number(bytes ?? 0n))),
        ),
      write: (bytes) => Effect.as(write(bytes), bytes.length),
      writeAll: write,
    }
  }

  const folderHandle = (folder: string): FileSystem.File => ({
    ...handle({ bytes: empty, safe: empty, modified: 0 }, folder),
    sync: gate(
      "sync",
      folder,
      Effect.andThen(
        writable("sync", folder),
        Effect.sync(() => syncFolder(folder)),
      ),
    ),
  })

  const fs = FileSystem.makeNoop({
    exists: (path) => Effect.succeed(names.has(path) || folders.has(path)),
    makeDirectory: (path) =>
      Effect.andThen(
        folders.has(path) ? Effect.void : writable("makeDirectory", path),
        Effect.sync(() => void folders.add(path)),
      ),
    open: (path, options) => {
      const flag = options?.flag ?? "r"
      if (folders.has(path)) return Effect.succeed(folderHandle(path))
      if (flag === "r") return Effect.map(lookup("open", path), (inode) => handle(inode, path))
      // A full disk still opens what is there.
      const may_open = names.has(path) ? Effect.void : writable("open", path)
      const opened = Effect.map(may_open, () => {
        const inode = names.get(path) ?? create(path)
        if (flag.startsWith("w")) inode.bytes = empty
        return handle(inode, path)
      })
      return gate("open", path, opened)
    },
    readFile: (path) => Effect.map(lookup("readFile", path), ({ bytes }) => bytes),
    readFileString: (path) =>
      Effect.map(lookup("readFileString", path), ({ bytes }) => new TextDecoder().decode(bytes)),
    readDirectory: (folder) =>
      folders.has(folder)
        ? Effect.sync(() =>
            [...names.keys()]
              .filter((path) => path.startsWith(`${folder}/`))
              .map((path) => path.slice(folder.length + 1)),
          )
        : fail("NotFound", "readDirectory", folder),
    remove: (path) => Effect.map(lookup("remove", path), () => void names.delete(path)),
    rename: (from, to) =>
      gate(
        "rename",
        to,
        Effect.map(Effect.andThen(writable("rename", to), lookup("rename", from)), (inode) => {
          names.delete(from)
          names.set(to, inode)
        }),
      ),
    stat: (path) => Effect.map(lookup("stat", path), info),
  })

  const disk: MemoryDisk = {
    layer: Layer.succeed(FileSystem.FileSystem, fs),
    read: (path) => {
      const inode = names.get(path)
      return inode === undefined ? undefined : new TextDecoder().decode(inode.bytes)
    },
    write: (path, text) => {
      const inode = create(path)
      append(inode, new TextEncoder().encode(text))
      inode.safe = inode.bytes
      safe_names.set(path, inode)
    },
    readSafe: (path) => {
      const inode = safe_names.get(path)
      return inode === undefined ? undefined : new TextDecoder().decode(inode.safe)
    },
    readSafeBytes: (path) => safe_names.get(path)?.safe,
    safeNames: (folder) =>
      [...safe_names.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1)),
    crash: (chance = () => 0) => {
      for (const path of new Set([...names.keys(), ...safe_names.keys()])) {
        const inode = names.get(path)
        if (inode === safe_names.get(path) || chance() < 0.5) continue
        if (inode === undefined) safe_names.delete(path)
        else safe_names.set(path, inode)
      }
      names = new Map(safe_names)
      for (const inode of names.values()) survive(inode, chance)
    },
    failing: undefined,
  }
  return disk
}
