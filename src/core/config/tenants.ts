/** From the tree of a configuration to its tenants: one, a list of them, or the children of a Flight Control parent. */
import { ConfigError } from "../errors.ts"
import { single_tenant } from "../tenant/identity.ts"
import type { ConfigInput, TenantConfig } from "./config.ts"
import { parsePlugins, type Uses, uses } from "./plugins.ts"
import { type Env, isTree, readBlock, type Tree } from "./read.ts"
import { type Credentials, credentials, type General } from "./schema.ts"
import { secretMissing } from "./secret.ts"
import { parseBlock, unknownKey } from "./validate.ts"

/** What the tenants of a configuration have in common. */
export interface Common {
  readonly tree: Tree
  readonly source: string
  readonly general: General
  readonly input: ConfigInput
}

/** The one tenant of the top level, or those of the list `tenants`. */
export const parseTenants = (common: Common): TenantConfig[] => {
  const { tree, source, general, input } = common
  if (tree.tenants === undefined) {
    return [
      { id: single_tenant, data_dir: general.data_dir, ...stixDir(general), ...parseTenant(tree, source, "", input) },
    ]
  }
  return tenantEntries(tree, source).map((entry, i) => listedTenant(common, entry, `tenants[${i}]`))
}

/** The credentials of the top level, which speak for no child. */
export const parentCredentials = ({ tree, source, input }: Common): Credentials => {
  const { env, uses: used = uses.everything } = input
  const own = readBlock(credentials, pick(tree, credentials), env, { source, path: "", env_wins: true })
  if (own.member_cid !== undefined) {
    const message = "speaks for one child, and tenants_from for all children of the parent: keep one of the two"
    throw new ConfigError({ source, key: "member_cid", message })
  }
  return parsedCredentials(own, source, "", env, used)
}

const parsedCredentials = (own: Tree, source: string, path: string, env: Env, used: Uses): Credentials => ({
  ...(used.falcon ? {} : { client_id: "", client_secret: secretMissing(source, "client_secret") }),
  ...parseBlock(credentials, own, source, path, env, { may_miss: !used.falcon }),
})

/** An entry of `tenants`: its id, and the keys that it does not take from the top level. */
export interface TenantEntry {
  readonly id: string
  readonly own: Tree
}

/** The entries of the list `tenants`, each with an id of its own. */
export const tenantEntries = (tree: Tree, source: string): readonly TenantEntry[] => {
  if (!Array.isArray(tree.tenants) || tree.tenants.length === 0) {
    throw new ConfigError({ source, key: "tenants", message: "must be a list with at least one tenant" })
  }
  const entries = tree.tenants.map((entry: unknown, i) => tenantEntry(entry, source, `tenants[${i}]`))
  const twice = entries.findIndex(({ id }, i) => entries.findIndex((other) => other.id === id) < i)
  if (twice >= 0) {
    throw new ConfigError({ source, key: `tenants[${twice}].id`, message: `"${entries[twice]!.id}" is used twice` })
  }
  return entries
}

/** A tenant from its entry and the top level; `path` names the entry in errors. */
export const listedTenant = (
  { tree, source, general, input }: Common,
  entry: TenantEntry,
  path: string,
): TenantConfig => {
  const { id, own } = entry
  const merged = { ...overlaid(pick(tree, credentials), own), plugins: mergePlugins(tree.plugins, own.plugins) }
  return {
    id,
    data_dir: `${general.data_dir}/${id}`,
    ...stixDir(general, id),
    ...parseTenant(merged, source, path, input),
  }
}

const stixDir = ({ stix_dir }: General, id?: string) =>
  stix_dir === undefined ? {} : { stix_dir: id === undefined ? stix_dir : `${stix_dir}/${id}` }

/** Reads one entry of `tenants`; `path` names it in errors. */
const tenantEntry = (entry: unknown, source: string, path: string): TenantEntry => {
  if (!isTree(entry)) throw new ConfigError({ source, key: path, message: "must hold keys and values" })
  const { id, ...own } = entry
  if (typeof id !== "string" || !/^[a-z0-9][a-z0-9-]{0,31}$/.test(id)) {
    throw new ConfigError({
      source,
      key: `${path}.id`,
      message: "must be 1 to 32 lower-case letters, digits or dashes",
    })
  }
  refuseUnknown(own, [...Object.keys(credentials), "plugins"], source, path, ["id"])
  if (isTree(own.plugins) && "load" in own.plugins) {
    const message = "plugins are loaded for all tenants: it stands under the top level's plugins"
    throw new ConfigError({ source, key: `${path}.plugins.load`, message })
  }
  return { id, own }
}

/** A secret key may also stand there as `<key>_file`. */
export const refuseUnknown = (
  tree: Tree,
  keys: readonly string[],
  source: string,
  path: string,
  also: readonly string[] = [],
): void => {
  const stray = Object.keys(tree).find((key) => !keys.includes(key) && key !== "client_secret_file")
  if (stray === undefined) return
  const name = stray === "" ? '""' : stray
  const key = path === "" ? name : `${path}.${name}`
  throw new ConfigError({ source, key, message: unknownKey([...also, ...keys]) })
}

/** A tenant's own keys win over those of the top level, plugin by plugin. */
const mergePlugins = (base: unknown, own: unknown): unknown => {
  if (!isTree(base) || !isTree(own)) return own ?? base
  const merged: Tree = { ...base }
  for (const [id, block] of Object.entries(own)) {
    merged[id] = isTree(block) && isTree(base[id]) ? overlaid(base[id], block) : block
  }
  return merged
}

/** A block over another one. Its secrets take the place of those below, whether text (`key`) or file (`key_file`). */
const overlaid = (base: Tree, own: Tree): Tree => {
  const isReplaced = (key: string) => (key.endsWith("_file") ? key.slice(0, -"_file".length) : `${key}_file`) in own
  return { ...Object.fromEntries(Object.entries(base).filter(([key]) => !isReplaced(key))), ...own }
}

const parseTenant = (tree: Tree, source: string, path: string, input: ConfigInput) => {
  const { env, plugins, uses: used = uses.everything } = input
  const place = { source, path, env_wins: path === "" }
  const own = readBlock(credentials, pick(tree, credentials), env, place)
  const block = { ...place, path: path === "" ? "plugins" : `${path}.plugins` }
  return {
    credentials: parsedCredentials(own, source, path, env, used),
    ...parsePlugins(tree.plugins ?? {}, block, env, plugins, used),
  }
}

export const pick = (tree: Tree, shape: Readonly<Record<string, unknown>>): Tree =>
  Object.fromEntries(
    Object.entries(tree).filter(([key]) => key in shape || (key.endsWith("_file") && key.slice(0, -5) in shape)),
  )
