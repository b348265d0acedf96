/** The STIX objects of a push: in a file below the tenant's STIX folder, as the Sekoia platform leaves them, or inline. */
import { Effect, FileSystem, Option } from "effect"
import { ArgumentError } from "../../core/actions/action.ts"
import { fieldsOf } from "../../core/json-object.ts"
import { readRegular, whyUnread } from "../../core/store/regular-file.ts"
import { Tenant } from "../../core/tenant/identity.ts"
import { iocs } from "./limits.ts"

interface Source {
  readonly stix_objects_path?: string | undefined
  readonly stix_objects?: readonly unknown[] | undefined
}

/** Exactly one of the two. What is wrong with a file is told without any of its content. */
export const readStixObjects = Effect.fnUntraced(function* ({
  stix_objects_path: path,
  stix_objects: inline,
}: Source): Effect.fn.Return<readonly unknown[], ArgumentError, Tenant | FileSystem.FileSystem> {
  if ((path === undefined) === (inline === undefined)) {
    return yield* refused("give either stix_objects_path or stix_objects")
  }
  const objects = inline ?? objectsOf(yield* readInside(path ?? ""))
  if (objects === undefined) return yield* refused("the file holds neither a JSON array nor an object with `objects`")
  if (objects.length > iocs.stix_objects_max) return yield* refused(`more than ${iocs.stix_objects_max} objects`)
  return objects
})

/**
 * A regular file of the STIX folder, wherever links lead: nothing outside is opened, and so none of our own files. That matters
 * beyond what they hold: a process that closes a descriptor of its lock file gives its lock away (POSIX). The folder may be
 * anywhere, but neither hold the data folder nor lie in it, except as `stix`.
 */
const readInside = Effect.fnUntraced(function* (relative: string) {
  const parts = relative.split(/[\\/]/)
  if (relative.includes("\0") || parts[0] === "" || /^[a-z]:/i.test(relative) || parts.includes("..")) {
    return yield* refused("a path below the folder for STIX files is required, without `..`")
  }
  const fs = yield* FileSystem.FileSystem
  const { data_dir, stix_dir = `${data_dir}/stix` } = yield* Tenant
  const unreadable = Effect.mapError(() => refused("there is no such file in the folder for STIX files"))
  const root = yield* unreadable(fs.realPath(stix_dir))
  const data = yield* Effect.orElseSucceed(fs.realPath(data_dir), () => data_dir)
  const own_room = `${data}/stix`
  if (isWithin(data, root) || (isWithin(root, data) && !isWithin(root, own_room))) {
    return yield* refused("the folder for STIX files holds files of akonis: give it a folder of its own (stix_dir)")
  }
  const path = yield* unreadable(fs.realPath(`${stix_dir}/${relative}`))
  if (path === root || !isWithin(path, root)) return yield* refused("the file is outside the folder for STIX files")
  const { type, nlink } = yield* unreadable(fs.stat(path))
  if (type === "File" && Option.getOrElse(nlink, () => 1) > 1) {
    return yield* refused("the file has a second name (a hard link), which may be outside")
  }
  const file = yield* Effect.mapError(readRegular(path, iocs.stix_bytes_max), (error) => refused(whyUnread(error)))
  return file.text
})

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)

const objectsOf = (text: string): readonly unknown[] | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    const objects = Array.isArray(value) ? value : fieldsOf(value).objects
    return Array.isArray(objects) ? objects : undefined
  } catch {
    return undefined
  }
}

const refused = (message: string) => new ArgumentError({ field: "stix_objects_path", message })
