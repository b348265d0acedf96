/**
 * YAML file + environment + secret files -> one typed value, or one error that names file, key and what is allowed there.
 */
import { resolve } from "node:path"
import { Effect, FileSystem } from "effect"
import { parseDocument } from "yaml"
import { ConfigError } from "../errors.ts"
import { readRegular, whyUnread } from "../store/regular-file.ts"
import { knownChildren, parseChildren, withReadableSecrets } from "./children.ts"
import type { Config, ConfigInput, TenantConfig } from "./config.ts"
import { configuration } from "./limits.ts"
import { pluginsFromOutside } from "./outside.ts"
import { type Env, isTree, readBlock, type Tree } from "./read.ts"
import { credentials, type General, general } from "./schema.ts"
import { secret } from "./schema-parts.ts"
import { isSecret } from "./secret.ts"
import { type Common, parseTenants, pick, refuseUnknown } from "./tenants.ts"
import { parseBlock } from "./validate.ts"
import { config_variable, refuseUnknownVariables, token_variable } from "./variables.ts"

export type { Config, TenantConfig } from "./config.ts"

/** Loads and checks the whole configuration. Reads no secret file yet: those are read when the secret is needed. */
export const loadConfig = Effect.fnUntraced(function* (
  input: ConfigInput,
): Effect.fn.Return<Config, ConfigError, FileSystem.FileSystem> {
  const { source, tree } = input.given ?? (yield* readConfigTree(input))
  const outside = yield* pluginsFromOutside(tree, source, input)
  const common = yield* tried(() => parseCommon(tree, source, { ...input, plugins: [...input.plugins, ...outside] }))
  if (tree.tenants_from === undefined) {
    return yield* tried(() => {
      const tenants = parseTenants(common)
      refuseStrangers(common.general, source, tenants)
      return { ...common.general, source, tenants }
    })
  }
  const known = yield* knownChildren(common)
  const children = yield* tried(() => parseChildren(common, known))
  return yield* withReadableSecrets({ ...common.general, source, tenants: [] }, children, known)
})

const tried = <A>(parse: () => A): Effect.Effect<A, ConfigError> =>
  Effect.try({
    try: parse,
    catch: (error) => {
      if (error instanceof ConfigError) return error
      throw error
    },
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

/** What stands outside of the tenants, and what they are parsed from. */
const parseCommon = (tree: Tree, source: string, input: ConfigInput): Common => {
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
  return { tree, source, general: common, input }
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

/** What actions may read must not be what we write: neither folder may lie in the other. */
const refuseShared = ({ stix_dir, data_dir }: General, source: string): void => {
  if (stix_dir === undefined) return
  const [one, other] = [`${resolve(stix_dir)}/`, `${resolve(data_dir)}/`]
  if (!one.startsWith(other) && !other.startsWith(one)) return
  const message = `${stix_dir} and data_dir ${data_dir} must not lie in each other: actions could read akonis' own files`
  throw new ConfigError({ source, key: "stix_dir", message })
}
