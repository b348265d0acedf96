/** The arguments of an action, as a playbook's form gives them. */
import { Effect, FileSystem } from "effect"
import type { AnyAction, Shape } from "../../core/actions/action.ts"
import type { Tree } from "../../core/config/read.ts"
import { ConfigError } from "../../core/errors.ts"
import { readRegular, whyUnread } from "../../core/store/regular-file.ts"
import { settings as limits } from "../limits.ts"
import { own_folder } from "./journals.ts"
import { isGiven, type Runtime } from "./tenant.ts"

type DataPath = Pick<Runtime, "data_path" | "bucket">

/**
 * Leaves out what nobody filled in, and reads files: the platform hands a long list over as `<name>_path`, relative to the data
 * path, in place of `<name>` (SDK, action.py `json_argument`). An argument that the action itself takes as a path is read here too,
 * where the action also takes what the file holds.
 */
export const argumentsFor = Effect.fnUntraced(function* (action: AnyAction, given: Tree, from: DataPath) {
  const shape: Shape = action.arguments.shape
  const args: Tree = {}
  for (const [name, value] of Object.entries(given)) {
    const content = name.endsWith("_path") ? name.slice(0, -"_path".length) : undefined
    if (isGiven(given[content ?? ""])) continue
    if (content !== undefined && content in shape && typeof value === "string" && isGiven(value))
      args[content] = yield* readJson(name, value, from)
    else if (isGiven(value) || accepts(shape[name], value)) args[name] = asTyped(shape[name], value)
  }
  return args
})

const accepts = (schema: Shape[string] | undefined, value: unknown): boolean =>
  schema?.safeParse(value).success === true

/** A template of a playbook gives text: numbers and lists that are written in one are taken for what they are. */
const asTyped = (schema: Shape[string] | undefined, value: unknown): unknown => {
  if (typeof value !== "string" || schema === undefined || accepts(schema, value)) return value
  try {
    const parsed: unknown = JSON.parse(value)
    return accepts(schema, parsed) ? parsed : value
  } catch {
    return value
  }
}

const readJson = Effect.fnUntraced(function* (name: string, relative: string, from: DataPath) {
  const refused = (message: string) => new ConfigError({ source: "arguments", key: name, message })
  const parts = relative.split(/[\\/]/)
  if (relative.includes("\0") || parts[0] === "" || parts.includes("..") || parts[0] === own_folder)
    return yield* refused("must be a path below the data path of the playbook, without `..`")
  const text =
    from.bucket === undefined ? yield* readInside(from.data_path, relative, refused) : yield* from.bucket.get(relative)
  if (text === undefined) return yield* refused(`there is no file ${relative} in the data path of the playbook`)
  return yield* Effect.try({
    try: () => contentOf(JSON.parse(text)),
    catch: () => refused(`${relative} holds no JSON`),
  })
})

/** A regular file of a folder, wherever links lead; `undefined` where there is none. */
const readInside = Effect.fnUntraced(function* (
  folder: string,
  relative: string,
  refused: (message: string) => ConfigError,
) {
  const fs = yield* FileSystem.FileSystem
  const real = (path: string) => Effect.orElseSucceed(fs.realPath(path), () => undefined)
  const [root, path] = [yield* real(folder), yield* real(`${folder}/${relative}`)]
  if (root === undefined || path === undefined) return undefined
  if (!path.startsWith(`${root}/`) || path.startsWith(`${root}/${own_folder}/`))
    return yield* refused("leads out of the data path of the playbook")
  const file = yield* Effect.mapError(readRegular(path, limits.value_bytes_max), (error) =>
    refused(`${relative} cannot be read: ${whyUnread(error)}`),
  )
  return file.text
})

/** A bundle of STIX objects stands for its objects. */
const contentOf = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "objects" in value && Array.isArray(value.objects)
    ? value.objects
    : value
