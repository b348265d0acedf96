/** The health of plugins with actions follows Falcon's answers to the calls of these actions. */
import { Effect, Scope } from "effect"
import { CallWatch, makeCallWatch, type WatchCalls } from "../falcon/call-watch.ts"
import type { EnabledPlugin } from "../plugin.ts"
import { Health } from "../telemetry/health.ts"
import type { AnyAction } from "./action.ts"
import type { Registry } from "./registry.ts"

/** Lets the health of an action's plugin follow the answers to the calls of an effect. */
export type Watching = (action: AnyAction) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Opens one cell for each plugin that has actions. `watches`: those of plugins that were watched before, by id; the others are added. */
export const makeWatching = Effect.fnUntraced(function* (
  plugins: readonly EnabledPlugin[],
  { pluginOf }: Registry,
  watches: Map<string, WatchCalls> = new Map(),
): Effect.fn.Return<Watching, never, Health> {
  for (const { plugin } of plugins.filter((one) => one.plugin.actions.length > 0 && !watches.has(one.plugin.id)))
    watches.set(plugin.id, makeCallWatch(yield* lastingCell(plugin.id, "Falcon")))
  return (action) => Effect.provideService(CallWatch, watches.get(pluginOf(action)) ?? (() => Effect.void))
})

/** A cell of health for as long as the process lives. */
export const lastingCell = (plugin: string, part: string) =>
  Health.use((health) => health.cell(plugin, part)).pipe(Effect.provideService(Scope.Scope, Scope.makeUnsafe()))
