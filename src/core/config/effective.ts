/** The configuration as it is in effect: each key, its value, and where that came from. Secrets are told to be there, and no more. */
import { z } from "zod"
import { redact, withoutLogins } from "../telemetry/redact.ts"
import type { Config, TenantConfig } from "./load.ts"
import { bare, type Env, isTree, notesOf, type Tree } from "./read.ts"
import { credentials, general } from "./schema.ts"

export interface EffectiveKey {
  /** Dotted, as in the file. */
  readonly key: string
  readonly value: unknown
  /** `akonis.yaml`, `environment FALCON_CLIENT_ID`, or `default`. */
  readonly from: string
}

type Shape = Readonly<Record<string, z.ZodType>>

/** Where a block stands: its values, what the file says there, and whether a variable may have set them. */
interface Place {
  readonly path: string
  readonly values: Tree
  readonly given: Tree
  readonly source: string
  readonly env: Env
  /** A variable wins over the file, or only stands in for what the file does not say. */
  readonly env_wins: boolean
}

/** Every key that has a value, in the order of the reference. `tree`: the file as it was read. */
export const effectiveKeys = (config: Config, tree: Tree, env: Env): readonly EffectiveKey[] => {
  const { source } = config
  const top = { path: "", given: tree, source, env, env_wins: true }
  const { flight_control } = config
  const is_single = tree.tenants === undefined && flight_control === undefined
  const entries = Array.isArray(tree.tenants) ? tree.tenants.map(asTree) : []
  const entryOf = (id: string, i: number) =>
    flight_control === undefined ? entries[i]! : (entries.find((entry) => entry.id === id) ?? {})
  const pathOf = (id: string, i: number) => (flight_control === undefined ? `tenants[${i}]` : `children.${id}`)
  return [
    ...keysOf(general, { ...top, values: config as unknown as Tree }),
    ...proxyOf(config, env),
    ...config.tenants.flatMap((tenant, i) =>
      tenantKeys(tenant, tree, is_single ? undefined : { entry: entryOf(tenant.id, i), path: pathOf(tenant.id, i) }, {
        ...top,
        values: {},
      }),
    ),
  ]
}

/** `at`: what the file says of this one of several tenants, and where. */
const tenantKeys = (
  tenant: TenantConfig,
  tree: Tree,
  at: { readonly entry: Tree; readonly path: string } | undefined,
  top: Place,
): readonly EffectiveKey[] => {
  const { entry, path } = at ?? { entry: tree, path: "" }
  const given = at === undefined ? tree : { ...tree, ...entry }
  const place = { ...top, env_wins: at === undefined, given }
  const plugins = { ...asTree(tree.plugins), ...asTree(entry.plugins) }
  return [
    ...(at === undefined ? [] : [{ key: `${path}.id`, value: tenant.id, from: top.source }]),
    ...keysOf(credentials, { ...place, path, values: tenant.credentials as unknown as Tree }),
    ...tenant.plugins.flatMap(({ plugin, config }) => {
      const own = { ...asTree(asTree(tree.plugins)[plugin.id]), ...asTree(plugins[plugin.id]) }
      const key = join(join(path, "plugins"), plugin.id)
      const on = { key: `${key}.enabled`, value: true, from: switchedBy(own, plugin.enabled_by_env, plugins, place) }
      return [on, ...keysOf(plugin.config.shape as Shape, { ...place, path: key, values: config as Tree, given: own })]
    }),
  ]
}

const switchedBy = (own: Tree, variable: string | undefined, plugins: Tree, { source, env }: Place): string => {
  if (variable !== undefined && env[variable]) return `environment ${variable}`
  return own.enabled !== undefined || plugins.only !== undefined ? source : "default"
}

const keysOf = (shape: Shape, place: Place): readonly EffectiveKey[] =>
  Object.entries(shape).flatMap(([key, schema]) => {
    const value = place.values[key]
    const path = join(place.path, key)
    const inner = bare(schema)
    if (inner instanceof z.ZodObject) {
      return keysOf(inner.shape as Shape, { ...place, path, values: asTree(value), given: asTree(place.given[key]) })
    }
    const element = inner instanceof z.ZodArray ? bare(inner.element as z.ZodType) : undefined
    if (element instanceof z.ZodObject && Array.isArray(value)) {
      return value.flatMap((one, i) => {
        const given = (Array.isArray(place.given[key]) ? place.given[key][i] : undefined) as unknown
        const is_given = given !== undefined
        const child = keysOf(element.shape as Shape, {
          ...place,
          path: `${path}[${i}]`,
          values: asTree(one),
          given: asTree(given),
        })
        // What is not in the list of the file was added from the environment.
        return is_given ? child : child.map((row) => ({ ...row, from: "environment AKONIS_TOKEN" }))
      })
    }
    if (value === undefined) return []
    const { secret = false, env: variable } = notesOf(schema)
    const from = originOf(key, secret, variable, place)
    return [{ key: path, value: secret ? hidden(place, key, variable, from) : shown(value), from }]
  })

const originOf = (key: string, is_secret: boolean, variable: string | undefined, place: Place): string => {
  const is_given = place.given[key] !== undefined || (is_secret && place.given[`${key}_file`] !== undefined)
  const set = [variable, is_secret && variable !== undefined ? `${variable}_FILE` : undefined].find(
    (name) => name !== undefined && place.env[name],
  )
  if (set !== undefined && (place.env_wins || !is_given)) return `environment ${set}`
  return is_given ? place.source : "default"
}

/** That there is a secret, and in which file where it lies in one. */
const hidden = ({ given, env }: Place, key: string, variable: string | undefined, from: string): string => {
  const file = from.endsWith("_FILE")
    ? env[`${variable}_FILE`]
    : from.startsWith("environment")
      ? undefined
      : given[`${key}_file`]
  return typeof file === "string" ? `(secret, in ${redact(file)})` : "(secret)"
}

/** A value without passwords in URLs, and without what is known to be a secret. */
const shown = (value: unknown): unknown => {
  if (typeof value === "string") return redact(withoutLogins(value))
  return Array.isArray(value) ? value.map(shown) : value
}

/** The proxy that the environment names where the configuration names none. */
const proxyOf = ({ proxy }: Config, env: Env): readonly EffectiveKey[] => {
  const name = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].find((one) => env[one])
  if (proxy !== undefined || name === undefined) return []
  return [{ key: "proxy", value: shown(env[name]), from: `environment ${name}` }]
}

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`)
const asTree = (value: unknown): Tree => (isTree(value) ? value : {})
