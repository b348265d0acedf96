/** The environment variables that mean something: those that keys declare, and a few that are no key. */
import { z } from "zod"
import { ConfigError } from "../errors.ts"
import type { AnyPlugin } from "../plugin.ts"
import { nearest } from "./nearest.ts"
import { bare, type Env, notesOf } from "./read.ts"
import { credentials, general } from "./schema.ts"

type Shape = Readonly<Record<string, z.ZodType>>

/** Names the configuration file. */
export const config_variable = "AKONIS_CONFIG"
/** Adds a caller of role admin; a file by `AKONIS_TOKEN_FILE`. */
export const token_variable = "AKONIS_TOKEN"
/** Names the plugins that are on, and no others are; see `plugins.only`. */
export const plugins_variable = "AKONIS_PLUGINS"

/** Read by programs around Akonis, in whose environment it may be started: a harness' checkout, a test's file. */
const of_other_programs: readonly string[] = ["AKONIS_ROOT", "FALCON_SWAGGER"]

/** What Kubernetes sets in every container beside a Service called `akonis`. `AKONIS_PORT` is one of them, too. */
const by_kubernetes = /^AKONIS(_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP))(_|$)/

/** Every variable that a configuration with these plugins may be given by. */
const variablesOf = (plugins: readonly AnyPlugin[]): readonly string[] => [
  config_variable,
  token_variable,
  `${token_variable}_FILE`,
  plugins_variable,
  ...variablesIn({ ...credentials, ...general }),
  ...plugins.flatMap(({ config, enabled_by_env }) => [
    ...variablesIn(config.shape as Shape),
    ...(enabled_by_env === undefined ? [] : [enabled_by_env]),
  ]),
]

const variablesIn = (shape: Shape): string[] =>
  Object.values(shape).flatMap((schema) => {
    const inner = bare(schema)
    if (inner instanceof z.ZodObject) return variablesIn(inner.shape as Shape)
    const { env, secret } = notesOf(schema)
    if (env === undefined) return []
    return secret ? [env, `${env}_FILE`] : [env]
  })

/** Refuses variables that begin as ours do and mean nothing: what was meant by them would silently not be so. */
export const refuseUnknownVariables = (env: Env, plugins: readonly AnyPlugin[]): void => {
  const known = variablesOf(plugins)
  const unknown = Object.keys(env).filter(
    (name) =>
      /^(AKONIS|FALCON)_/.test(name) &&
      env[name] !== undefined &&
      !known.includes(name) &&
      !of_other_programs.includes(name),
  )
  const [first, ...more] = unknown.sort().map((name) => ({ name, message: whyUnknown(name, known) }))
  if (first === undefined) return
  const message = [first.message, ...more.map((one) => `${one.name}: ${one.message}`)].join("\n")
  throw new ConfigError({ source: "environment", key: first.name, message })
}

const whyUnknown = (name: string, known: readonly string[]): string =>
  by_kubernetes.test(name)
    ? "Kubernetes sets it for a Service called akonis; set enableServiceLinks: false in the pod, or name the Service otherwise"
    : `there is no such variable; the nearest name is ${nearest(name, known)}`
