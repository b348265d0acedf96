/** `plugins.load`: which files with plugins a configuration names. Who loads them is handed in. */
import { Effect, type FileSystem } from "effect"
import { ConfigError } from "../errors.ts"
import type { AnyPlugin } from "../plugin.ts"
import { type Env, isTree, type Tree } from "./read.ts"

/** Loads plugins, in order; fails with the key of the first that cannot be taken. */
export type LoadOutside = (wanted: {
  /** The configuration file: paths are relative to its folder, and errors name it. */
  readonly source: string
  readonly paths: readonly string[]
  /** Folders that Akonis or its callers write to: nothing in them is ever run. */
  readonly written: readonly string[]
  /** Whose ids and names of actions are taken. */
  readonly shipped: readonly AnyPlugin[]
}) => Effect.Effect<readonly AnyPlugin[], ConfigError, FileSystem.FileSystem>

interface Given {
  readonly env: Env
  readonly plugins: readonly AnyPlugin[]
  readonly loadOutside?: LoadOutside
}

/** What `plugins.load` names, loaded: its configuration is checked with all the others. */
export const pluginsFromOutside = Effect.fnUntraced(function* (
  tree: Tree,
  source: string,
  { env, plugins: shipped, loadOutside }: Given,
): Effect.fn.Return<readonly AnyPlugin[], ConfigError, FileSystem.FileSystem> {
  const paths = isTree(tree.plugins) ? tree.plugins.load : undefined
  if (paths === undefined) return []
  const refused = (message: string) => new ConfigError({ source, key: "plugins.load", message })
  if (!Array.isArray(paths) || paths.length === 0 || !paths.every((path) => typeof path === "string" && path !== ""))
    return yield* refused("must be a list of files, such as [./acme.ts]")
  if (loadOutside === undefined) return yield* refused("this command loads no plugins from outside")
  const text = (value: unknown): readonly string[] => (typeof value === "string" && value !== "" ? [value] : [])
  const data_dir = text(env.AKONIS_DATA_DIR || (tree.data_dir ?? "./data"))
  const written = [...data_dir, ...text(env.AKONIS_STIX_DIR || tree.stix_dir)]
  return yield* loadOutside({ source, paths: paths as string[], written, shipped })
})
