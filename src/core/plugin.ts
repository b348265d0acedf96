/**
 * What a plugin is: one declaration from which everything else follows (configuration keys, routes, checks, reference
 * pages). A plugin imports the core and itself, never another plugin.
 */
import { Effect, type FileSystem, type Metric, type Scope } from "effect"
import type { z } from "zod"
import type { AnyAction } from "./actions/action.ts"
import type { CollectError, Collector } from "./assets/collect.ts"
import type { AssetSource } from "./assets/source.ts"
import type { Check, Distinct } from "./check/check.ts"
import type { DeadLetters } from "./delivery/dead-letters.ts"
import type { Destination } from "./delivery/destination.ts"
import type { Enricher } from "./delivery/enricher.ts"
import type { Taps } from "./delivery/tap.ts"
import type { ConfigError, StoreError } from "./errors.ts"
import type { FalconAuth } from "./falcon/auth.ts"
import type { Falcon } from "./falcon/client.ts"
import type { Http } from "./http/client/http.ts"
import type { Checkpoints } from "./store/checkpoints.ts"
import type { Offsets } from "./store/offsets.ts"
import type { Board } from "./telemetry/board.ts"
import type { Health } from "./telemetry/health.ts"
import type { Tenant } from "./tenant/identity.ts"

/** What a plugin may ask for. One set per tenant. */
export type PluginServices =
  | Tenant
  | Falcon
  | FalconAuth
  | Http
  | Offsets
  | Checkpoints
  | DeadLetters
  | Health
  | Board
  | Taps
  | FileSystem.FileSystem

type ConfigShape = Readonly<Record<string, z.ZodType>>

export interface Plugin<
  Shape extends ConfigShape = ConfigShape,
  Actions extends readonly AnyAction[] = readonly AnyAction[],
> {
  /** As in the configuration and in `GET /health`. */
  readonly id: string
  /** One line for people. */
  readonly title: string
  readonly enabled_by_default: boolean
  /** The environment variable that switches it on (`true`, `1`, `yes`) or off (`false`, `0`, `no`); empty says nothing. */
  readonly enabled_by_env?: string
  /** Keys below `plugins.<id>`, besides `enabled`. */
  readonly config: z.ZodObject<Shape>
  /** Scopes of the Falcon API client that it needs, as the console names them: those of its calls and of its actions. */
  readonly scopes: readonly string[]
  /** What it counts, beside what the rooms of the core count for it. Each carries the label `tenant`. */
  // biome-ignore lint/suspicious/noExplicitAny: a list of metrics has no common kind.
  readonly metrics?: Readonly<Record<string, Metric.Metric<any, any>>>
  /** What it can be asked to do. */
  readonly actions: Actions
  /**
   * The background work, for as long as the process lives. It keeps itself going: what fails here ends the process, so
   * only what a restart would not mend may fail. Interrupting it drains: what has been read is delivered first.
   * `enrichers`: what the other plugins send after events.
   */
  readonly run?: (
    config: z.infer<z.ZodObject<Shape>>,
    enrichers: readonly Enricher[],
  ) => Effect.Effect<never, ConfigError | StoreError, PluginServices | Scope.Scope>
  /** What it sends after events of other plugins' streams; made before any plugin runs, and again when that failed. */
  readonly enricher?: (
    config: z.infer<z.ZodObject<Shape>>,
  ) => Effect.Effect<Enricher, ConfigError | StoreError, PluginServices | Scope.Scope>
  /** What it keeps in Sekoia's asset inventory; `akonis assets <name>` runs one cycle of it by hand. */
  readonly inventory?: {
    readonly name: string
    readonly open: (
      config: z.infer<z.ZodObject<Shape>>,
      options: { readonly dry_run: boolean },
    ) => Effect.Effect<
      { readonly source: AssetSource; readonly collector: Collector },
      CollectError,
      PluginServices | Scope.Scope
    >
  }
  /** Where its events go; for commands that post some again. */
  readonly destination?: (
    config: z.infer<z.ZodObject<Shape>>,
  ) => Effect.Effect<Destination, ConfigError, Tenant | Http | FileSystem.FileSystem>
  /** What `akonis check` asks about it, in this order. A scope of the plugin that none of them speaks for is told as not known. */
  readonly checks?: (config: z.infer<z.ZodObject<Shape>>) => readonly Check[]
  /** What two tenants should not have in common: both would send to, or read from, the same place. */
  readonly distinct?: (config: z.infer<z.ZodObject<Shape>>) => readonly Distinct[]
  /** Itself for one tenant, where its actions use the configuration. */
  readonly withConfig?: (config: z.infer<z.ZodObject<Shape>>) => AnyPlugin
}

// biome-ignore lint/suspicious/noExplicitAny: a list of plugins has no common configuration type.
export type AnyPlugin = Plugin<any, readonly AnyAction[]>

/** A plugin that is switched on, with its checked configuration. */
export interface EnabledPlugin {
  readonly plugin: AnyPlugin
  // biome-ignore lint/suspicious/noExplicitAny: of the type that the plugin's own schema gave it.
  readonly config: any
}

/** A plugin as it is written down; its scopes follow from its calls and its actions. */
interface Declaration<Shape extends ConfigShape, Actions extends readonly AnyAction[]>
  extends Omit<Plugin<Shape, Actions>, "scopes" | "actions"> {
  /** Scopes of the calls that it makes by itself. */
  readonly call_scopes?: readonly string[]
  readonly actions?: Actions
}

/** Declares a plugin. The tuple of its actions is kept, so that the type of the HTTP client follows from it. */
export const definePlugin = <Shape extends ConfigShape, const Actions extends readonly AnyAction[] = readonly []>(
  declared: Declaration<Shape, Actions>,
): Plugin<Shape, Actions> => {
  const { call_scopes = [], actions = [] as readonly AnyAction[] as Actions, ...rest } = declared
  const scopes = new Set([...call_scopes, ...actions.flatMap((action) => action.scopes)])
  return { ...rest, scopes: [...scopes], actions }
}

/** Makes every enricher of a tenant's plugins. */
export const enrichersOf = (
  plugins: readonly EnabledPlugin[],
): Effect.Effect<readonly Enricher[], ConfigError | StoreError, PluginServices | Scope.Scope> =>
  Effect.forEach(
    plugins.filter(({ plugin }) => plugin.enricher !== undefined),
    ({ plugin, config }) => plugin.enricher!(config),
  )
