/** `data_dir/children.json`: the children that were believed to be there, so that a start and the commands need not ask Falcon. */
import { Effect, type FileSystem } from "effect"
import { StoreError } from "../errors.ts"
import { jsonObject } from "../json-object.ts"
import { readIfPresent, writeAtomic } from "../store/atomic-file.ts"
import type { Children } from "./list-children.ts"

const file_name = "children.json"

/** Two thousand children with long names have a third of it. */
const bytes_max = 1024 * 1024

/** Those that were written last; `undefined` where there is no file, which says nothing about who is there. */
export const readKnownChildren = Effect.fnUntraced(function* (
  data_dir: string,
): Effect.fn.Return<Children | undefined, StoreError, FileSystem.FileSystem> {
  const path = `${data_dir}/${file_name}`
  const text = yield* readIfPresent(path, bytes_max)
  if (text === undefined) return undefined
  const entries = Object.entries(jsonObject(text) ?? (yield* damaged(path)))
  const is_right = entries.every(([cid, name]) => /^[0-9a-f]{32}$/.test(cid) && typeof name === "string")
  if (!is_right) return yield* damaged(path)
  return new Map(entries as [string, string][])
})

/** On the disk when this succeeds. The folder is there. */
export const writeKnownChildren = (
  data_dir: string,
  children: Children,
): Effect.Effect<void, StoreError, FileSystem.FileSystem> =>
  writeAtomic(data_dir, file_name, `${JSON.stringify(Object.fromEntries(children), null, 2)}\n`)

const damaged = (path: string) =>
  new StoreError({
    reason: "unreadable",
    path,
    message: `${path} is damaged: it must hold names by customer ids. Delete it, and Falcon is asked for the children; their own folders stay`,
  })
