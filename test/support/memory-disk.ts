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
  /** The machine stops: what was not synced is gone. */
  readonly crash: () => void
  /** While set, every write fails with this reason. */
  failing: PlatformError.SystemErrorTag | undefined
}

const empty = new Uint8Array()

const keepSafe = (inode: Inode): void => {
  inode.safe = inode.bytes
}

const clear = (inode: Inode): void => {
  inode.bytes = empty
}

export const makeMemoryDisk = (): MemoryDisk => {
  let names = new Map<string, Inode>()
  let safe_names = new Map<string, Inode>()
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
      Effect.andThen(
        writable("write", path),
        Effect.sync(() => append(inode, bytes)),
      )
    return {
      [FileSystem.FileTypeId]: FileSystem.FileTypeId,
      stat: Effect.sync(() => info(inode)),
      seek: (offset) =>
        Effect.sync(() => {
          position = Number(offset)
          return offset
        }),
      sync: Effect.andThen(
        writable("sync", path),
        Effect.sync(() => keepSafe(inode)),
      ),
      read: (buffer) =>
        Effect.sync(() => {
          const part = inode.bytes.subarray(position, position + buffer.length)
          buffer.set(part)
          position += part.length
          return part.length
        }),
      readAlloc: () => Effect.succeed(Option.none()),
      truncate: () => Effect.sync(() => clear(inode)),
      write: (bytes) => Effect.as(write(bytes), bytes.length),
      writeAll: write,
    }
  }

  const folderHandle = (folder: string): FileSystem.File => ({
    ...handle({ bytes: empty, safe: empty, modified: 0 }, folder),
    sync: Effect.andThen(
      writable("sync", folder),
      Effect.sync(() => syncFolder(folder)),
    ),
  })

  const fs = FileSystem.makeNoop({
    exists: (path) => Effect.succeed(names.has(path) || folders.has(path)),
    makeDirectory: (path) =>
      Effect.andThen(
        writable("makeDirectory", path),
        Effect.sync(() => void folders.add(path)),
      ),
    open: (path, options) => {
      const flag = options?.flag ?? "r"
      if (folders.has(path)) return Effect.succeed(folderHandle(path))
      if (flag === "r") return Effect.map(lookup("open", path), (inode) => handle(inode, path))
      return Effect.map(writable("open", path), () => {
        const inode = names.get(path) ?? create(path)
        if (flag.startsWith("w")) inode.bytes = empty
        return handle(inode, path)
      })
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
      Effect.flatMap(Effect.andThen(writable("rename", to), lookup("rename", from)), (inode) =>
        Effect.sync(() => {
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
    crash: () => {
      names = new Map(safe_names)
      safe_names = new Map(safe_names)
      for (const inode of names.values()) inode.bytes = inode.safe
    },
    failing: undefined,
  }
  return disk
}
