/** The STIX objects of a push: in a file below the tenant's folder, as the Sekoia platform leaves them there, or inline. */
import { Effect, FileSystem } from "effect"
import { ArgumentError } from "../../core/actions/action.ts"
import { iocs } from "../../core/limits.ts"
import { Tenant } from "../../core/tenant.ts"

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

/** A file of the tenant's folder, wherever links lead: nothing outside is opened. */
const readInside = Effect.fnUntraced(function* (relative: string) {
  const parts = relative.split(/[\\/]/)
  if (relative.includes("\0") || parts[0] === "" || /^[a-z]:/i.test(relative) || parts.includes("..")) {
    return yield* refused("a path below the tenant's data folder is required, without `..`")
  }
  const fs = yield* FileSystem.FileSystem
  const { data_dir } = yield* Tenant
  const unreadable = Effect.mapError(() => refused("there is no such file, or it cannot be read"))
  const root = yield* unreadable(fs.realPath(data_dir))
  const path = yield* unreadable(fs.realPath(`${data_dir}/${relative}`))
  if (!path.startsWith(`${root}/`)) return yield* refused("the file is outside the tenant's data folder")
  const { type, size } = yield* unreadable(fs.stat(path))
  if (type !== "File") return yield* refused("this is no file")
  if (size > BigInt(iocs.stix_bytes_max)) return yield* refused(`larger than ${iocs.stix_bytes_max} bytes`)
  return yield* unreadable(fs.readFileString(path))
})

function objectsOf(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return value
    const bundle = typeof value === "object" && value !== null && "objects" in value ? value.objects : undefined
    return Array.isArray(bundle) ? bundle : undefined
  } catch {
    return undefined
  }
}

const refused = (message: string) => new ArgumentError({ field: "stix_objects_path", message })
