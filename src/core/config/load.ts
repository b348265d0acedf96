/**
 * YAML file + environment + secret files -> one typed value, or one error that names file, key and what is allowed there.
 */
import { resolve } from "node:path"
import { Effect, FileSystem } from "effect"
import { parseDocument } from "yaml"
import { ConfigError } from "../errors.ts"
import type { AnyPlugin } from "../plugin.ts"
import { readRegular, whyUnread } from "../store/regular-file.ts"
import { configuration } from "./limits.ts"
import { type LoadOutside, pluginsFromOutside } from "./outside.ts"
import { type ParsedPlugins, parsePlugins, type Uses, uses } from "./plugins.ts"
import { type Env, isTree, readBlock, type Tree } from "./read.ts"
import { type Credentials, credentials, type General, general, secret } from "./schema.ts"
import { isSecret, secretMissing } from "./secret.ts"
import { parseBlock, unknownKey } from "./validate.ts"
import { config_variable, refuseUnknownVariables, token_variable } from "./variables.ts"

export interface TenantConfig extends ParsedPlugins {
  /** `default` when there is only one. Metrics label, name of the data folder. */
  readonly id: string
  readonly data_dir: string
  /** See `Tenant`. */
  readonly stix_dir?: string
  readonly credentials: Credentials
}

export interface Config extends General {
  /** Where it came from: the file's path, or `environment`. */
  readonly source: string
  readonly tenants: readonly TenantConfig[]
}

export interface ConfigInput {
  /** From `--config`. */
  readonly file?: string | undefined
  /** In place of a file: keys and values as a file would hold them. `source` is named in errors. */
  readonly given?: { readonly source: string; readonly tree: Readonly<Record<string, unknown>> }
  readonly env: Env
  /** Everything that ships; the file says which of them are on. */
  readonly plugins: readonly AnyPlugin[]
  /** What is used of it; everything when left out. */
  readonly uses?: Uses
  /** Loads what `plugins.load` names; refused where this is not given. */
  readonly loadOutside?: LoadOutside
}

/** Loads and checks the whole configuration. Reads no secret file yet: those are read when the secret is needed. */
export const loadConfig = Effect.fnUntraced(function* (
  input: ConfigInput,
): Effect.fn.Return<Config, ConfigError, FileSystem.FileSystem> {
  const { source, tree } = input.given ?? (yield* readConfigTree(input))
  const outside = yield* pluginsFromOutside(tree, source, input)
  return yield* Effect.try({
    try: () => parse(tree, source, { ...input, plugins: [...input.plugins, ...outside] }),
    catch: (error) => {
      if (error instanceof ConfigError) return error
      throw error
    },
  })
})

const default_file = "akonis.yaml"

const bad_alias =
  "this is no valid YAML: an alias (*name) has no anchor (&name), or they multiply; put a text that begins with * in quotes"

/** The file of the configuration as a tree, and where it lies; an empty one where there is none. */
export const readConfigTree = Effect.fnUntraced(function* ({ file, env }: ConfigInput) {
  const fs = yield* FileSystem.FileSystem
  const named = file ?? (env[config_variable] || undefined)
  const source = named ?? default_file
  if (named === undefined && !(yield* Effect.orElseSucceed(fs.exists(default_file), () => false))) {
    return { source: "environment", tree: {} }
  }
  const { text } = yield* readRegular(source, configuration.file_bytes_max).pipe(
    Effect.mapError(
      (error) => new ConfigError({ source, key: "", message: `the file cannot be read: ${whyUnread(error)}` }),
    ),
  )
  // Without its warnings, which the library would print by itself, and of its errors only what and where: the rest quotes
  // the file, secrets and all.
  const document = parseDocument(text, { prettyErrors: true, logLevel: "error" })
  const [problem] = document.errors
  if (problem !== undefined) {
    const what = problem.message.split("\n", 1)[0]!.replace(/:$/, "")
    return yield* new ConfigError({ source, key: "", message: `this is no valid YAML: ${what}` })
  }
  // Aliases are followed only here: one of nothing, or a bomb of them, throws.
  const tree: unknown = yield* Effect.try({
    try: () => document.toJS() ?? {},
    catch: () => new ConfigError({ source, key: "", message: bad_alias }),
  })
  if (!isTree(tree)) return yield* new ConfigError({ source, key: "", message: "the file must hold keys and values" })
  return { source, tree }
})

const parse = (tree: Tree, source: string, input: ConfigInput): Config => {
  const { env, plugins } = input
  refuseUnknownVariables(env, plugins)
  refuseUnknown(tree, [...Object.keys(general), ...Object.keys(credentials), "plugins", "tenants"], source, "")
  const common = parseBlock(
    general,
    readBlock(general, pick(tree, general), env, { source, path: "" }),
    source,
    "",
    env,
  )
  refuseShared(common, source)
  refuseUnguardable(common, source, plugins)
  common.server.tokens.push(...tokenFromEnv(env))
  const tenants = parseTenants(tree, source, common, input)
  refuseStrangers(common, source, tenants)
  return { ...common, source, tenants }
}

/** A token for a tenant that is not there would see nothing, and one that is misspelled not what was meant. */
const refuseStrangers = ({ server }: General, source: string, tenants: readonly TenantConfig[]): void => {
  const ids = tenants.map(({ id }) => id)
  for (const [i, token] of server.tokens.entries()) {
    const at = (token.tenants ?? []).findIndex((id) => !ids.includes(id))
    if (at < 0) continue
    const message = `there is no tenant "${token.tenants![at]}"; there are: ${ids.join(", ")}`
    throw new ConfigError({ source, key: `server.tokens[${i}].tenants[${at}]`, message })
  }
}

/** A slug that is misspelled would guard nothing. */
const refuseUnguardable = ({ guards }: General, source: string, plugins: ConfigInput["plugins"]): void => {
  const changing = plugins.flatMap(({ actions = [] }) => actions.filter(({ changes }) => changes))
  for (const [at, slug] of guards.approval.entries()) {
    if (changing.some((action) => action.slug === slug)) continue
    const message = `"${slug}" is no action that changes something; allowed here: ${changing.map((one) => one.slug).join(", ")}`
    throw new ConfigError({ source, key: `guards.approval[${at}]`, message })
  }
}

/** `AKONIS_TOKEN`, or a file named by `AKONIS_TOKEN_FILE`, adds one caller of role admin. */
const tokenFromEnv = (env: Env): General["server"]["tokens"] => {
  const { token } = readBlock({ token: secret(token_variable, "") }, {}, env, { source: "environment", path: "" })
  return isSecret(token) ? [{ name: "env", token, role: "admin" }] : []
}

const parseTenants = (tree: Tree, source: string, common: General, input: ConfigInput): TenantConfig[] => {
  if (tree.tenants === undefined) {
    return [{ id: "default", data_dir: common.data_dir, ...stixDir(common), ...parseTenant(tree, source, "", input) }]
  }
  if (!Array.isArray(tree.tenants) || tree.tenants.length === 0) {
    throw new ConfigError({ source, key: "tenants", message: "must be a list with at least one tenant" })
  }
  const entries = tree.tenants.map((entry: unknown, i) => tenantEntry(entry, source, `tenants[${i}]`))
  const twice = entries.findIndex(({ id }, i) => entries.findIndex((other) => other.id === id) < i)
  if (twice >= 0) {
    throw new ConfigError({ source, key: `tenants[${twice}].id`, message: `"${entries[twice]!.id}" is used twice` })
  }
  return entries.map(({ id, own }, i) => {
    const merged = { ...pick(tree, credentials), ...own, plugins: mergePlugins(tree.plugins, own.plugins) }
    return {
      id,
      data_dir: `${common.data_dir}/${id}`,
      ...stixDir(common, id),
      ...parseTenant(merged, source, `tenants[${i}]`, input),
    }
  })
}

const stixDir = ({ stix_dir }: General, id?: string) =>
  stix_dir === undefined ? {} : { stix_dir: id === undefined ? stix_dir : `${stix_dir}/${id}` }

/** What actions may read must not be what we write: neither folder may lie in the other. */
const refuseShared = ({ stix_dir, data_dir }: General, source: string): void => {
  if (stix_dir === undefined) return
  const [one, other] = [`${resolve(stix_dir)}/`, `${resolve(data_dir)}/`]
  if (!one.startsWith(other) && !other.startsWith(one)) return
  const message = `${stix_dir} and data_dir ${data_dir} must not lie in each other: actions could read akonis' own files`
  throw new ConfigError({ source, key: "stix_dir", message })
}

/** One entry of `tenants`: its id, and the keys it does not take from the top level. */
const tenantEntry = (entry: unknown, source: string, path: string): { readonly id: string; readonly own: Tree } => {
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
const refuseUnknown = (
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
    merged[id] = isTree(block) && isTree(base[id]) ? { ...base[id], ...block } : block
  }
  return merged
}

const parseTenant = (tree: Tree, source: string, path: string, input: ConfigInput) => {
  const { env, plugins, uses: used = uses.everything } = input
  const place = { source, path, env_wins: path === "" }
  const own = readBlock(credentials, pick(tree, credentials), env, place)
  const missing = { client_id: "", client_secret: secretMissing(source, "client_secret") }
  const block = { ...place, path: path === "" ? "plugins" : `${path}.plugins` }
  return {
    credentials: {
      ...(used.falcon ? {} : missing),
      ...parseBlock(credentials, own, source, path, env, { may_miss: !used.falcon }),
    },
    ...parsePlugins(tree.plugins ?? {}, block, env, plugins, used),
  }
}

const pick = (tree: Tree, shape: Readonly<Record<string, unknown>>): Tree =>
  Object.fromEntries(
    Object.entries(tree).filter(([key]) => key in shape || (key.endsWith("_file") && key.slice(0, -5) in shape)),
  )
