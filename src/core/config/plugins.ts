/** The block `plugins`: which are on, with what configuration, and which of them the command at work uses. */
import type { z } from "zod"
import { ConfigError } from "../errors.ts"
import type { AnyPlugin, EnabledPlugin } from "../plugin.ts"
import { nearest } from "./nearest.ts"
import { type Env, isTree, notesOf, type Place, readBlock, readSwitch, type Tree } from "./read.ts"
import { parseBlock, unknownKey } from "./validate.ts"
import { plugins_variable } from "./variables.ts"

/** What a command uses of a configuration. Nothing else is demanded, though what is given must be right. */
export interface Uses {
  /** Whether it calls Falcon, and so needs credentials. */
  readonly falcon: boolean
  readonly plugin: (plugin: AnyPlugin) => boolean
}

const hasWork = ({ run, enricher }: AnyPlugin): boolean => run !== undefined || enricher !== undefined

/** What the commands use. */
export const uses = {
  everything: { falcon: true, plugin: () => true },
  /** Actions alone: no key of Sekoia's. */
  actions: { falcon: true, plugin: ({ actions }) => actions.length > 0 },
  /** The background work alone. */
  work: { falcon: true, plugin: hasWork },
  /** Files of the data folder, without any service. */
  files: { falcon: false, plugin: () => false },
  /** Where events go. */
  destination: { falcon: false, plugin: ({ destination }) => destination !== undefined },
  /** One plugin. */
  only: (id: string): Uses => ({ falcon: true, plugin: (plugin) => plugin.id === id }),
} as const satisfies Record<string, Uses | ((id: string) => Uses)>

export interface ParsedPlugins {
  /** On, and used by the command. */
  readonly plugins: readonly EnabledPlugin[]
  /** Ids of those that are on and that the command does not use. */
  readonly unused: readonly string[]
  /** Ids of those that are off. */
  readonly off: readonly string[]
}

/** Reads and checks the block. */
export const parsePlugins = (
  tree: unknown,
  place: Place,
  env: Env,
  all: readonly AnyPlugin[],
  used: Uses,
): ParsedPlugins => {
  const { source, path } = place
  if (!isTree(tree)) throw new ConfigError({ source, key: path, message: "must hold plugin names" })
  const names = all.map((plugin) => plugin.id)
  const unknown = Object.keys(tree).find((key) => !["only", "load", ...names].includes(key))
  if (unknown !== undefined) {
    const message = `there is no such plugin; there are: ${names.join(", ")}`
    throw new ConfigError({ source, key: `${path}.${unknown}`, message })
  }
  const only = parseOnly(tree, place, env, names)
  const blocks = all.map((plugin) => parsePlugin(plugin, tree[plugin.id] ?? {}, place, env, only, used))
  const on = blocks.filter(({ is_on }) => is_on)
  refuseUseless(
    on.map(({ plugin }) => plugin),
    all,
    place,
  )
  return {
    plugins: on.flatMap(({ plugin, config }) =>
      used.plugin(plugin) ? [{ plugin: plugin.withConfig?.(config) ?? plugin, config }] : [],
    ),
    unused: on.flatMap(({ plugin }) => (used.plugin(plugin) ? [] : [plugin.id])),
    off: blocks.flatMap(({ plugin, is_on }) => (is_on ? [] : [plugin.id])),
  }
}

const parsePlugin = (
  plugin: AnyPlugin,
  block: unknown,
  place: Place,
  env: Env,
  only: Only | undefined,
  used: Uses,
): EnabledPlugin & { readonly is_on: boolean } => {
  const { source } = place
  const at = `${place.path}.${plugin.id}`
  if (!isTree(block)) {
    throw new ConfigError({ source, key: at, message: "must hold keys and values, such as { enabled: true }" })
  }
  const { enabled: wanted, ...rest } = block
  if (wanted !== undefined && typeof wanted !== "boolean") {
    throw new ConfigError({ source, key: `${at}.enabled`, message: "must be true or false" })
  }
  const is_on = isOn(plugin, wanted, only, place, env)
  const shape: Readonly<Record<string, z.ZodType>> = plugin.config.shape
  const keys = new Set(
    Object.entries(shape).flatMap(([key, schema]) => (notesOf(schema).secret ? [key, `${key}_file`] : [key])),
  )
  const stray = Object.keys(rest).find((key) => !keys.has(key))
  if (stray !== undefined) {
    throw new ConfigError({ source, key: `${at}.${stray}`, message: unknownKey(["enabled", ...Object.keys(shape)]) })
  }
  if (!is_on) return { plugin, config: undefined, is_on }
  const read = readBlock(shape, rest, env, { ...place, path: at })
  return { plugin, config: parseBlock(shape, read, source, at, env, { may_miss: !used.plugin(plugin) }), is_on }
}

/** Plugins that are on, and no others. `by_env`: the variable says so, which wins over what the file says of each. */
interface Only {
  readonly names: readonly string[]
  readonly by_env: boolean
}

/** A variable wins over the file; for one tenant of several it only stands in for what the file does not say. */
const isOn = (
  plugin: AnyPlugin,
  wanted: boolean | undefined,
  only: Only | undefined,
  { env_wins }: Place,
  env: Env,
): boolean => {
  const switched = plugin.enabled_by_env === undefined ? undefined : readSwitch(env, plugin.enabled_by_env)
  if (switched !== undefined && env_wins !== false) return switched
  const asked = wanted ?? switched
  if (only === undefined) return asked ?? plugin.enabled_by_default
  if (!only.names.includes(plugin.id)) return false
  return (only.by_env && env_wins !== false) || asked !== false
}

const parseOnly = (tree: Tree, place: Place, env: Env, names: readonly string[]): Only | undefined => {
  const text = env[plugins_variable]?.trim() || undefined
  const by_env = text !== undefined && (place.env_wins !== false || tree.only === undefined)
  const at = by_env
    ? { source: "environment", key: plugins_variable }
    : { source: place.source, key: `${place.path}.only` }
  const value = by_env ? text.split(",").map((name) => name.trim()) : tree.only
  if (value === undefined) return undefined
  const message = `must be a list of plugin names; there are: ${names.join(", ")}`
  if (!Array.isArray(value)) throw new ConfigError({ ...at, message })
  if (value.length === 0) throw new ConfigError({ ...at, message: `names no plugin; ${message}` })
  for (const name of value) {
    if (names.includes(name)) continue
    const near = typeof name === "string" && name !== "" ? nearest(name, names) : undefined
    const hint = near === undefined ? "" : `; the nearest name is ${near}`
    throw new ConfigError({ ...at, message: `"${name}": ${message}${hint}` })
  }
  return { names: value, by_env }
}

/** A configuration with which nothing happens, or nothing of what was switched on, is a mistake. */
const refuseUseless = (on: readonly AnyPlugin[], all: readonly AnyPlugin[], { source, path }: Place): void => {
  if (on.length === 0 && all.length > 0) {
    const message = `no plugin is on; there are: ${all.map(({ id }) => id).join(", ")}`
    throw new ConfigError({ source, key: path, message })
  }
  const adding = on.find(({ enricher }) => enricher !== undefined)
  if (adding === undefined || on.some(({ destination }) => destination !== undefined)) return
  const streams = all.flatMap(({ id, destination }) => (destination === undefined ? [] : [id])).join(" or ")
  const message = `it adds to the events of a stream, and none is on: switch ${streams} on, or ${adding.id} off`
  throw new ConfigError({ source, key: `${path}.${adding.id}`, message })
}
