/** From what the runtime hands over to a tenant that is ready to work. */
import { Effect, type Layer } from "effect"
import { type Config, loadConfig } from "../../core/config/load.ts"
import type { Env, Tree } from "../../core/config/read.ts"
import { ConfigError } from "../../core/errors.ts"
import type { Http } from "../../core/http/client/http.ts"
import type { AnyPlugin } from "../../core/plugin.ts"
import { openTenants, type RunningTenant } from "../../core/tenant/boot.ts"
import { module_secrets } from "../catalogue/manifest.ts"
import type { Bucket } from "./bucket.ts"
import type { Settings } from "./settings.ts"

/** What every command is given. */
export interface Runtime {
  readonly settings: Settings
  /** Everything that ships. */
  readonly plugins: readonly AnyPlugin[]
  readonly network: Layer.Layer<Http>
  /** The runtime's data path, the sub-folder of a run counted in; where that is a bucket, an empty folder that goes with the container. */
  readonly data_path: string
  readonly bucket?: Bucket
}

/** Keys of the module's configuration that mean something. `member_cid` is none of the specification, and taken where somebody adds it. */
const module_keys = ["client_id", "client_secret", "base_url", "member_cid"]

/**
 * The only variables that count: what the platform configures, it alone configures. A variable of an operator's shell would win
 * over it otherwise.
 */
const env_keys = /^(ACTIVATE_VERTICLES_COLLECTION|AKONIS_LOG_(LEVEL|FORMAT)|(HTTPS?|NO)_PROXY)$/i

/** The environment as far as it counts. */
export const ownEnv = (env: Env): Env => Object.fromEntries(Object.entries(env).filter(([name]) => env_keys.test(name)))

export interface ConfigOptions {
  /** Handed over by the platform, which keeps them apart from the configuration. */
  readonly secrets: Tree
  readonly data_dir: string
  /** `only` and the blocks of plugins, as in a configuration file. */
  readonly plugins: Tree
}

/** The module's configuration as Akonis reads it. */
export const moduleConfig = Effect.fnUntraced(function* ({ settings, plugins }: Runtime, options: ConfigOptions) {
  const given = yield* settings.object("module_configuration")
  const secrets = Object.fromEntries(Object.entries(options.secrets).filter(([key]) => isModuleSecret(key)))
  const known = Object.entries({ ...given, ...secrets }).filter(
    ([key, value]) => module_keys.includes(key) && isGiven(value),
  )
  const tree = { ...Object.fromEntries(known), data_dir: options.data_dir, plugins: options.plugins }
  return yield* loadConfig({ env: ownEnv(settings.env), plugins, given: { source: "module_configuration", tree } })
})

const isModuleSecret = (key: string): boolean => (module_secrets as readonly string[]).includes(key)

/** A form leaves fields that nobody has filled in as null or as an empty text. */
export const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== ""

/** The tenant of a module: there is one. */
export const openTenant = (config: Config, network: Layer.Layer<Http>) =>
  Effect.map(openTenants(config, network), ([tenant]): RunningTenant => tenant!)

/** The plugin that has something, by id. */
export const pluginOf = ({ plugins }: Runtime, id: string) => {
  const plugin = plugins.find((one) => one.id === id)
  return plugin === undefined
    ? Effect.fail(new ConfigError({ source: "module", key: "", message: `the plugin ${id} does not ship` }))
    : Effect.succeed(plugin)
}
